import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { elementCount } from '../core/arrays.ts';
import { readCheckedHeader } from '../files/content-hash.ts';
import { cacheFolder, makeFolder } from '../files/folders.ts';
import { isThere } from '../files/regular-file.ts';
import {
  DamagedFileError,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from '../files/safetensors.ts';
import { bytesOf, type TensorSource, writeTensors } from '../files/safetensors-arrays.ts';
import { readWeight, type Weight, type Weights } from './read-weight.ts';

/** A matrix [k, m] of 8-bit integers in a file, and the float32 scales of its columns [m]. */
export interface QuantizedTensor {
  readonly values: TensorEntry;
  readonly scales: TensorEntry;
}

/** A weight W [out, in] as products read it: Wᵀ for x Wᵀ, W for its backward pass. */
interface QuantizedWeight {
  readonly forward: QuantizedTensor;
  readonly backward: QuantizedTensor;
}

/** By the name of the site. */
export type QuantizedWeights = ReadonlyMap<string, QuantizedWeight>;

/** Counted up when what stands in a file changes. */
const FORM = 1;

/**
 * Rounds matrices of a checkpoint to 8-bit integers, once: they lie in a file of the cache folder, half as large as the
 * matrices in float32, which ONNX Runtime maps. It is named by the checkpoint's files, their sizes and times of change.
 * StorageError where it cannot be written.
 */
export async function quantizedWeights(
  weights: Weights,
  folder = join(cacheFolder(), 'int8'),
): Promise<QuantizedWeights> {
  const path = join(folder, `${await identityOf(weights)}.safetensors`);
  const { tensors } = (await readWhole(path)) ?? (await writeQuantized(path, weights));
  const tensor = (name: string): QuantizedTensor => ({
    values: tensors.get(name)!,
    scales: tensors.get(`${name}.scales`)!,
  });
  return new Map(
    [...weights].map(([site, { name }]) => [site, { forward: tensor(`${name}.forward`), backward: tensor(name) }]),
  );
}

/** What `quantizedWeights` would give, of a file that was never written: to plan with. */
export function sketchedWeights(weights: Weights): QuantizedWeights {
  const entry = (dtype: 'I8' | 'F32', shape: readonly number[], bytesEach: number): TensorEntry => {
    const byteLength = elementCount(shape) * bytesEach;
    return { file: 'never written', dtype, shape, offset: 0, byteLength };
  };
  const tensor = (inner: number, columns: number): QuantizedTensor => ({
    values: entry('I8', [inner, columns], 1),
    scales: entry('F32', [columns], 4),
  });
  return new Map(
    [...weights].map(([site, { shape }]) => {
      const [rows, columns] = shape as [number, number];
      return [site, { forward: tensor(columns, rows), backward: tensor(rows, columns) }];
    }),
  );
}

async function identityOf(weights: Weights): Promise<string> {
  const hash = createHash('sha256').update(`${FORM}`);
  for (const file of new Set([...weights.values()].map(({ file }) => file))) {
    const { size, mtimeMs } = await stat(file);
    hash.update(`${file} ${size} ${mtimeMs};`);
  }
  for (const { name, dtype, shape, offset } of weights.values()) hash.update(`${name} ${dtype} ${shape} ${offset};`);
  return hash.digest('hex').slice(0, 32);
}

/** Undefined where the file is not there, or not as it was written: then it is made again. */
async function readWhole(path: string): Promise<SafetensorsHeader | undefined> {
  if (!isThere(path)) return undefined;
  try {
    return await readCheckedHeader(await realpath(path));
  } catch (error) {
    if (error instanceof DamagedFileError) return undefined;
    throw error;
  }
}

async function writeQuantized(path: string, weights: Weights): Promise<SafetensorsHeader> {
  await makeFolder(dirname(path));
  const tensors = new Map<string, TensorSource>();
  for (const weight of weights.values()) {
    for (const [name, tensor] of await sourcesOf(weight)) tensors.set(name, tensor);
  }
  await writeTensors(path, { metadata: {}, tensors });
  return readSafetensorsHeader(await realpath(path));
}

/**
 * Scales are made at once, and integers when their turn comes, of the weight read again: one is in memory at a time.
 */
async function sourcesOf(weight: Weight): Promise<[string, TensorSource][]> {
  const { name, shape } = weight;
  const [rows, columns] = shape as [number, number];
  const scales = scalesOf(await readWeight(weight), columns);
  return [
    [`${name}.scales`, { dtype: 'F32', shape: [columns], bytes: () => bytesOf(scales.columns) }],
    [`${name}.forward.scales`, { dtype: 'F32', shape: [rows], bytes: () => bytesOf(scales.rows) }],
    [name, { dtype: 'I8', shape, bytes: async () => bytesOf(quantized(await readWeight(weight), scales)) }],
    [
      `${name}.forward`,
      {
        dtype: 'I8',
        shape: [columns, rows],
        bytes: async () => bytesOf(quantizedTranspose(await readWeight(weight), scales)),
      },
    ],
  ];
}

/** Largest magnitude of a rounded number. −128 is left out, so that the scale is the same on both sides of 0. */
const LARGEST = 127;
/**
 * A row or column in which nothing is larger is rounded to 0. No weight is so small; its unit would near float32's
 * subnormal numbers.
 */
export const SMALLEST_SCALED = 2 ** -100;

/**
 * Scales of a matrix W [rows, columns] by which its columns, and those of its transpose, use the whole range of an
 * int8.
 */
export interface Scales {
  /** [columns]. */
  readonly columns: Float32Array;
  /** [rows]. */
  readonly rows: Float32Array;
}

export function scalesOf(weight: Float32Array, columns: number): Scales {
  const rows = weight.length / columns;
  const scales = { columns: new Float32Array(columns), rows: new Float32Array(rows) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const magnitude = Math.abs(weight[row * columns + column]!);
      if (magnitude > scales.rows[row]!) scales.rows[row] = magnitude;
      if (magnitude > scales.columns[column]!) scales.columns[column] = magnitude;
    }
  }
  const scale = (magnitude: number) => (magnitude > SMALLEST_SCALED ? magnitude / LARGEST : 1);
  return { columns: scales.columns.map(scale), rows: scales.rows.map(scale) };
}

/** The nearest integer, several times as fast as `Math.round`, which keeps the sign of a zero. */
const nearest = (x: number): number => Math.floor(x + 0.5);

/** W [rows, columns] in units of the scales of its columns, rounded. */
export function quantized(weight: Float32Array, { columns }: Scales): Int8Array {
  const values = new Int8Array(weight.length);
  for (let i = 0, column = 0; i < weight.length; i++) {
    values[i] = nearest(weight[i]! / columns[column]!);
    column = column + 1 === columns.length ? 0 : column + 1;
  }
  return values;
}

/** Wᵀ [columns, rows] in units of the scales of W's rows, rounded. */
export function quantizedTranspose(weight: Float32Array, { rows, columns }: Scales): Int8Array {
  const values = new Int8Array(weight.length);
  for (let row = 0; row < rows.length; row++) {
    const scale = rows[row]!;
    for (let column = 0; column < columns.length; column++) {
      values[column * rows.length + row] = nearest(weight[row * columns.length + column]! / scale);
    }
  }
  return values;
}
