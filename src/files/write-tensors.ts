import type { FileHandle } from 'node:fs/promises';
import { elementCount } from '../core/arrays.ts';
import { HASH_KEY, NO_HASH, startHash } from './content-hash.ts';
import { type Dtype, elementBytes } from './safetensors.ts';
import { writeFileWhole } from './write-whole.ts';

/** A tensor whose bytes are made when their turn comes to be written: little-endian, row-major. */
export interface TensorSource {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/**
 * Writes named tensors and text metadata as one safetensors file, whole and with its hash (`content-hash.ts`), and
 * holds one tensor at a time. The header is padded to 8 bytes and wider elements come first, so that every tensor is
 * aligned.
 */
export async function writeTensors(
  path: string,
  {
    metadata,
    tensors,
  }: { readonly metadata: Readonly<Record<string, string>>; readonly tensors: ReadonlyMap<string, TensorSource> },
): Promise<void> {
  const ordered = [...tensors].sort(([, a], [, b]) => elementBytes[b.dtype] - elementBytes[a.dtype]);
  const header = new Map<string, unknown>([['__metadata__', { [HASH_KEY]: NO_HASH, ...metadata }]]);
  let position = 0;
  for (const [name, { dtype, shape }] of ordered) {
    if (name === '__metadata__') throw new RangeError('no tensor can be named __metadata__');
    const end = position + byteLengthOf(dtype, shape);
    header.set(name, { dtype, shape, data_offsets: [position, end] });
    position = end;
  }
  await writeFileWhole(path, handle => writeHashed(handle, headOf(Object.fromEntries(header)), ordered));
}

function headOf(header: unknown): Buffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return Buffer.concat([length, padded]);
}

/** The hash is known at the end only, and then takes the place that was left for it. */
async function writeHashed(
  handle: FileHandle,
  head: Buffer,
  tensors: readonly (readonly [string, TensorSource])[],
): Promise<void> {
  const hash = startHash(head, NO_HASH);
  await handle.writeFile(head);
  for (const [name, { dtype, shape, bytes }] of tensors) {
    const data = await bytes();
    if (data.length !== byteLengthOf(dtype, shape)) {
      throw new RangeError(`tensor ${name}: ${data.length} bytes cannot be stored as ${dtype} [${shape}]`);
    }
    hash.update(data);
    await handle.writeFile(data);
  }
  await handle.write(hash.digest('hex'), head.indexOf(NO_HASH));
}

function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  return elementCount(shape) * elementBytes[dtype];
}

/** Little-endian bytes of numbers, which is what every machine this runs on has; they share the numbers' memory. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
