import type { FloatArray } from './random.ts';

/** Number of elements of a tensor whose extents are known: their product, 1 for a scalar's shape []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Euclidean norm, accumulated in float64. */
export function norm(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

/**
 * Scales a gradient in place so that its norm does not exceed `maxNorm`, by the factor of PyTorch's
 * `clip_grad_norm_`, min(1, maxNorm / (norm + 1e-6)). Returns the norm before.
 */
export function clipNorm(gradient: FloatArray, maxNorm: number): number {
  const before = norm(gradient);
  const factor = maxNorm / (before + 1e-6);
  if (factor < 1) for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * factor;
  return before;
}

/** Adds factor·term to a sum in place, number by number, rounded to what the sum holds. */
export function addScaled(sum: FloatArray, term: FloatArray, factor: number): void {
  // A loop: twenty times as fast as `map`, and these vectors are long.
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + factor * term[i]!;
}

/** So many of a list, at even distances, the first among them; all of it where there are no more. */
export function evenlyChosen<Item>(list: readonly Item[], most = Number.POSITIVE_INFINITY): readonly Item[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}

/** log Σ exp xᵢ, the largest taken off first so that nothing overflows. */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - largest);
  return largest + Math.log(sum);
}
