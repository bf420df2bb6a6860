import { type DataType, type Dim, GraphError, type Shape, type TensorType } from './types.ts';

/** The numbers and names an extent is a product of. */
export function factorsOf(dim: Dim): Dim[] {
  if (typeof dim === 'number') return [dim];
  return dim.split('*').map(part => (/^-?\d+$/.test(part) ? Number(part) : part));
}

/** The inverse of joining a shape's extents with commas. */
export function parseShape(text: string): Dim[] {
  return text === '' ? [] : text.split(',').map(part => (/^-?\d+$/.test(part) ? Number(part) : part));
}

/** The product of extents as one extent: numbers multiply, names are sorted, so equal products are equal strings. */
export function productOf(dims: Shape): Dim {
  let factor = 1;
  const names: string[] = [];
  for (const part of dims.flatMap(factorsOf)) {
    if (typeof part === 'number') factor *= part;
    else names.push(part);
  }
  if (names.length === 0) return factor;
  names.sort();
  return factor === 1 ? names.join('*') : [String(factor), ...names].join('*');
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** NumPy's broadcasting of two shapes. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new GraphError(op, `shapes [${a}] and [${b}] do not broadcast`);
  });
}

/** Axes of `full` along which `shape` was stretched (or which it lacks) when it was broadcast to `full`. */
export function broadcastAxes(full: Shape, shape: Shape): number[] {
  const missing = full.length - shape.length;
  return full.flatMap((dim, axis) => (axis < missing || (shape[axis - missing] === 1 && dim !== 1) ? [axis] : []));
}

/** Number of elements of a shape without named extents. */
export function sizeOf(op: string, shape: Shape): number {
  const size = productOf(shape);
  if (typeof size !== 'number') throw new GraphError(op, `shape [${shape}] is not known before the graph runs`);
  return size;
}

/** An axis counted from the front. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank) throw new GraphError(op, `axis ${axis} is outside rank ${rank}`);
  return positive;
}

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
