import type { FileHandle } from 'node:fs/promises';
import { elementCount } from '../core/arrays.ts';
import { InputError } from '../core/errors.ts';
import { HASH_KEY, NO_HASH, requireHash, startHash, startHashOf } from './content-hash.ts';
import { asReadError } from './file-errors.ts';
import { openFile, readAt } from './regular-file.ts';
import { type Dtype, elementBytes, readSafetensorsHeader, type TensorEntry } from './safetensors.ts';
import { writeFileWhole } from './write-whole.ts';

/**
 * Safetensors files as whole arrays in memory: deltas and checkpoints, which full fine-tuning makes larger than a
 * backbone.
 */

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

/** Writes named arrays and text metadata as one safetensors file, whole. */
export async function writeSafetensors(path: string, { metadata, tensors }: ArrayFile): Promise<void> {
  const sources = [...tensors].map(([name, { data, shape }]): [string, TensorSource] => {
    const size = elementCount(shape);
    if (size !== data.length) {
      throw new RangeError(`tensor ${name}: ${data.length} numbers cannot be stored with shape [${shape}]`);
    }
    return [name, { dtype: dtypeOf(data), shape, bytes: () => bytesOf(data) }];
  });
  await writeTensors(path, { metadata, tensors: new Map(sources) });
}

/**
 * Reads a file of F32, F64 and I32 tensors. InputError where it holds another dtype, DamagedFileError where it is not
 * what was written.
 */
export async function readSafetensors(path: string): Promise<ArrayFile> {
  const header = await readSafetensorsHeader(path);
  // As they lie in the file, so that it is hashed in one go.
  const inOrder = [...header.tensors].sort(([, a], [, b]) => a.offset - b.offset);
  const arrays = new Map<string, ArrayTensor>();
  try {
    const handle = await openFile(path);
    try {
      const hash = await startHashOf(handle, header);
      for (const [name, entry] of inOrder) {
        const tensor = await readTensor(handle, name, entry);
        arrays.set(name, tensor);
        hash?.update(bytesOf(tensor.data));
      }
      requireHash(hash, header, path);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asReadError(path, error);
  }
  const { [HASH_KEY]: _, ...metadata } = header.metadata;
  return { metadata, tensors: arrays };
}

/** Each into a buffer of its own: typed arrays need aligned offsets, files do not promise them. */
async function readTensor(
  handle: FileHandle,
  name: string,
  { file, dtype, shape, offset, byteLength }: TensorEntry,
): Promise<ArrayTensor> {
  if (!isReadable(dtype)) {
    throw new InputError(`tensor ${name} is ${dtype}; F32, F64 or I32 is expected here`, {
      code: 'wrong-tensor',
      where: file,
    });
  }
  const bytes = new Uint8Array(byteLength);
  if ((await readAt(handle, bytes, offset)) !== byteLength) {
    throw new InputError(`the file ended within tensor ${name}`, {
      code: 'damaged-file',
      where: file,
      remedy: 'let no other program change it, and try again',
    });
  }
  return { data: new constructors[dtype](bytes.buffer), shape };
}

function isReadable(dtype: Dtype): dtype is keyof typeof constructors {
  return Object.hasOwn(constructors, dtype);
}

/**
 * Little-endian numbers of 16 or 32 bits as float32: every one of them is a float32, so nothing is rounded.
 * @param bytes aligned to 4
 */
export function widen(bytes: Uint8Array, dtype: 'float32' | 'float16' | 'bfloat16'): Float32Array {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  if (dtype === 'float16') return Float32Array.from(halves, fromHalf);
  // A bfloat16 is the upper half of a float32.
  return new Float32Array(Uint32Array.from(halves, bits => bits << 16).buffer);
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Numbers rounded to the nearest IEEE 754 binary16, of two equally near the even one; above 65504 it is infinite. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), toHalf);
}

/** By the bits of a float32. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 and above round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2⁻¹⁴ the steps are 2⁻²⁴ wide: the significand, its hidden bit included, is shifted to them.
  const isSmall = magnitude < 0x38800000;
  const shift = isSmall ? Math.min(126 - (magnitude >>> 23), 25) : 13;
  const whole = isSmall ? (magnitude & 0x7fffff) | 0x800000 : magnitude - 0x38000000;
  const half = whole >>> shift;
  const rest = whole & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + Number(rest > middle || (rest === middle && (half & 1) === 1)));
}

/** A tensor whose bytes are made when their turn comes to be written: little-endian, row-major. */
export interface TensorSource {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/**
 * Writes named tensors and text metadata as one safetensors file, whole and with its hash (`safetensors.ts`), and
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
