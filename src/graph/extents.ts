import { factorsOf } from './shape.ts';
import type { DataType, Dim, Shape, TensorType } from './types.ts';

/** Values of named extents, as a run's inputs give them. */
export type Extents = Readonly<Record<string, number>>;

export const BYTES: Readonly<Record<DataType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
};

/** An extent in a run. */
export function extentAt(dim: Dim, extents: Extents): number {
  return factorsOf(dim).reduce<number>((product, factor) => {
    const value = typeof factor === 'number' ? factor : extents[factor];
    if (value === undefined) throw new RangeError(`the extent ${factor} has no value`);
    return product * value;
  }, 1);
}

/** Number of elements of a shape in a run. */
export function elementsAt(shape: Shape, extents: Extents): number {
  return shape.reduce<number>((product, dim) => product * extentAt(dim, extents), 1);
}

/** Bytes of a tensor in a run. */
export function bytesAt({ dtype, shape }: TensorType, extents: Extents = {}): number {
  return BYTES[dtype] * elementsAt(shape, extents);
}
