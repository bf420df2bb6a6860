import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { asReadError } from './read-error.ts';
import { type Dtype, readSafetensorsHeader } from './safetensors.ts';
import { writeFileWhole } from './write-file-whole.ts';

/** Small safetensors files as whole arrays in memory: deltas and checkpoints, never a backbone. */

export type NumberArray = Float32Array | Float64Array | Int32Array;

export interface ArrayTensor {
  /** Row-major. */
  readonly data: NumberArray;
  readonly shape: readonly number[];
}

export interface ArrayFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, ArrayTensor>;
}

const constructors = { F64: Float64Array, F32: Float32Array, I32: Int32Array } as const;

function dtypeOf(data: NumberArray): keyof typeof constructors {
  if (data instanceof Float64Array) return 'F64';
  return data instanceof Float32Array ? 'F32' : 'I32';
}

function bytesOf(data: NumberArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Writes named arrays and text metadata as one safetensors file, whole. The header is padded to 8 bytes and wider
 * elements come first, so that every tensor is aligned.
 */
export async function writeSafetensors(path: string, { metadata, tensors }: ArrayFile): Promise<void> {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header = new Map<string, unknown>([['__metadata__', metadata]]);
  let position = 0;
  for (const [name, { data, shape }] of ordered) {
    const end = position + data.byteLength;
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== data.length || name === '__metadata__') {
      throw new RangeError(`tensor ${name}: ${data.length} numbers cannot be stored with shape [${shape}]`);
    }
    header.set(name, { dtype: dtypeOf(data), shape, data_offsets: [position, end] });
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  await writeFileWhole(path, [length, padded, ...ordered.map(([, tensor]) => bytesOf(tensor.data))]);
}

/** Reads a file of F32, F64 and I32 tensors. InputError where it is damaged or holds another dtype. */
export async function readSafetensors(path: string): Promise<ArrayFile> {
  const { metadata, tensors } = await readSafetensorsHeader(path);
  const bytes = await readFile(path).catch(error => {
    throw asReadError(path, error);
  });
  const arrays = new Map<string, ArrayTensor>();
  for (const [name, { dtype, shape, offset, byteLength }] of tensors) {
    if (!isReadable(dtype)) {
      throw new InputError(`tensor ${name} is ${dtype}; F32, F64 or I32 is expected here`, { where: path });
    }
    // A copy in a buffer of its own: typed arrays need aligned offsets, files do not promise them.
    const own = new Uint8Array(bytes.subarray(offset, offset + byteLength)).buffer;
    arrays.set(name, { data: new constructors[dtype](own), shape });
  }
  return { metadata, tensors: arrays };
}

function isReadable(dtype: Dtype): dtype is keyof typeof constructors {
  return Object.hasOwn(constructors, dtype);
}
