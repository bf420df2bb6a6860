import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { checkedRecord, hashFile } from './check-once.ts';
import { readCheckedHeader } from './content-hash.ts';
import { isThere, openFile, readAt } from './regular-file.ts';
import { type Dtype, readSafetensorsHeader, type TensorEntry } from './safetensors.ts';
import { readJson } from './text-files.ts';

export const SINGLE_FILE = 'model.safetensors';
export const SHARD_INDEX = 'model.safetensors.index.json';

const shardIndex = z.object({ weight_map: z.record(z.string(), z.string()) });

async function readShards(folder: string): Promise<ReadonlyMap<string, TensorEntry>> {
  const indexFile = join(folder, SHARD_INDEX);
  const parsed = shardIndex.safeParse(await readJson(indexFile));
  if (!parsed.success) {
    throw new InputError('must hold `weight_map`, from tensor names to shard files', {
      code: 'unreadable-weights',
      where: indexFile,
      remedy: 'download the file again',
    });
  }
  const weightMap = Object.entries(parsed.data.weight_map);
  const shards = new Map<string, ReadonlyMap<string, TensorEntry>>();
  for (const shard of new Set(weightMap.map(([, file]) => file))) {
    // A shard lies beside its index: an index from the network must not make us open other files.
    if (shard !== basename(shard) || shard === '..') {
      throw new InputError(`the shard name ${JSON.stringify(shard)} is not a plain file name`, {
        code: 'unreadable-weights',
        where: indexFile,
      });
    }
    if (!isThere(join(folder, shard))) {
      throw new InputError(`the shard ${shard} is missing`, {
        code: 'missing-weights',
        where: folder,
        remedy: `download it, or give a folder that holds all files named in ${SHARD_INDEX}`,
      });
    }
    shards.set(shard, (await readCheckedHeader(join(folder, shard))).tensors);
  }
  const tensors = new Map<string, TensorEntry>();
  for (const [name, shard] of weightMap) {
    const tensor = shards.get(shard)?.get(name);
    if (!tensor) {
      throw new InputError(`tensor ${name} is not in ${shard}, where ${SHARD_INDEX} says it is`, {
        code: 'missing-tensor',
        where: folder,
        remedy: 'index and shards are of different versions: download them again together',
      });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

/**
 * Finds every tensor of a checkpoint folder as downloaded from the Hub: `model.safetensors`, or shards with
 * `model.safetensors.index.json`. Only headers are read, and once all of
 * what we have written. InputError where files are missing, damaged or disagree.
 */
export async function readCheckpointIndex(folder: string): Promise<ReadonlyMap<string, TensorEntry>> {
  if (isThere(join(folder, SINGLE_FILE))) return (await readCheckedHeader(join(folder, SINGLE_FILE))).tensors;
  if (isThere(join(folder, SHARD_INDEX))) return readShards(folder);
  const pickled = isThere(join(folder, 'pytorch_model.bin'));
  throw new InputError(`neither ${SINGLE_FILE} nor ${SHARD_INDEX} found`, {
    code: 'missing-weights',
    where: folder,
    remedy: pickled
      ? 'only pytorch_model.bin is here: convert it, e.g. with save_pretrained(folder, safe_serialization=True)'
      : 'give the folder of a model as downloaded from the Hub',
  });
}

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
