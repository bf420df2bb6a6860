import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { checkedRecord, hashFile } from './check-once.ts';
import { openFile, readAt } from './regular-file.ts';
import { type Dtype, readSafetensorsHeader } from './safetensors.ts';

const inspection = z.object({
  /** SHA-256 of all of the file, in hexadecimal. */
  sha256: z.string(),
  /** Names of tensors with numbers that are not finite, and of those with zeros alone. */
  notFinite: z.array(z.string()),
  zero: z.array(z.string()),
});

/** What all bytes of a file of weights say. */
export type WeightsInspection = Readonly<z.infer<typeof inspection>>;

/**
 * Reads all of a safetensors file, once for each state of it: size, times and inode are remembered in the cache folder,
 * with what was found.
 * @throws InputError as `readSafetensorsHeader`
 */
export function inspectWeights(file: string): Promise<WeightsInspection> {
  return checkedRecord(file, 'weights', inspection, () => readThrough(file));
}

/** The SHA-256 of a file, in hexadecimal, read once for each state of it. */
export function rememberedHash(file: string): Promise<string> {
  return checkedRecord(file, 'sha256', z.string(), () => hashFile(file));
}

/** Bytes read at once: whole numbers of every type. */
const CHUNK = 1 << 20;

async function readThrough(file: string): Promise<WeightsInspection> {
  const { tensors, dataStart } = await readSafetensorsHeader(file);
  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset);
  const hash = createHash('sha256');
  const [notFinite, zero]: [string[], string[]] = [[], []];
  const buffer = new Uint8Array(CHUNK);
  const handle = await openFile(file);
  try {
    await eachChunk(handle, { buffer, offset: 0, byteLength: dataStart }, chunk => hash.update(chunk));
    for (const [name, { dtype, offset, byteLength }] of inOrder) {
      const find = finders[dtype];
      let [allFinite, isZero] = [true, true];
      await eachChunk(handle, { buffer, offset, byteLength }, chunk => {
        hash.update(chunk);
        if (find === undefined) return;
        const found = find(chunk);
        allFinite &&= found.allFinite;
        isZero &&= found.isZero;
      });
      if (find === undefined || byteLength === 0) continue;
      if (!allFinite) notFinite.push(name);
      if (isZero) zero.push(name);
    }
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), notFinite, zero };
}

/** The header's check has found that tensors cover the file, so that a piece cut short is a file that has changed. */
async function eachChunk(
  handle: FileHandle,
  { buffer, offset, byteLength }: { buffer: Uint8Array; offset: number; byteLength: number },
  use: (chunk: Uint8Array) => void,
): Promise<void> {
  for (let done = 0; done < byteLength; ) {
    const chunk = buffer.subarray(0, Math.min(CHUNK, byteLength - done));
    const read = await readAt(handle, chunk, offset + done);
    if (read === 0) return;
    use(chunk.subarray(0, read));
    done += read;
  }
}

interface Found {
  readonly allFinite: boolean;
  readonly isZero: boolean;
}

/** A number is not finite where all bits of its exponent are set, and zero where none but its sign's is. */
const words = (exponent: number, magnitude: number, ints: (chunk: Uint8Array) => Uint32Array | Uint16Array) => {
  return (chunk: Uint8Array): Found => {
    const values = ints(chunk);
    let allFinite = true;
    let any = 0;
    // By index: an iterator would take several times as long.
    for (let i = 0; i < values.length; i++) {
      const word = values[i]!;
      if ((word & exponent) === exponent) allFinite = false;
      any |= word & magnitude;
    }
    return { allFinite, isZero: any === 0 };
  };
};

// The buffer of chunks is aligned, and a tensor's chunk begins at its start.
const wide = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint32Array(buffer, byteOffset, byteLength >> 2);
const narrow = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint16Array(buffer, byteOffset, byteLength >> 1);

/** The types that models have their weights in; of other tensors nothing is asked. */
const finders: Partial<Record<Dtype, (chunk: Uint8Array) => Found>> = {
  F32: words(0x7f800000, 0x7fffffff, wide),
  F16: words(0x7c00, 0x7fff, narrow),
  BF16: words(0x7f80, 0x7fff, narrow),
};
