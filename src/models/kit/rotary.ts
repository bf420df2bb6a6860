import { add, concat, mul, split, sub } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';

/** cos and sin of every position's angles, row by row [positions, width / 2]: what is fed. */
export interface RotaryTables {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Radians a position of each of a head's width / 2 pairs: θ^(−2i / width). */
export function rotaryFrequencies(width: number, theta: number): Float32Array {
  return Float32Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width));
}

/**
 * The tables of some positions, one after the other. Angles are products in float32, as in the models' training: exact
 * ones would be others, far from the beginning.
 */
export function rotaryTables(frequencies: Float32Array, positions: readonly number[]): RotaryTables {
  const angles = Float32Array.from(positions.flatMap(position => Array.from(frequencies, each => each * position)));
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}

/**
 * Rotary position embedding (Su et al. 2021) of queries or keys x [..., width]: the pair of elements i and
 * i + width / 2, as Hugging Face's `rotate_half` has them, is turned by its position's angle. `cos` and `sin` broadcast
 * to [..., width / 2]: [length, width / 2] for heads [batch, heads, length, width], and [batch, 1, length, width / 2]
 * where rows begin at positions of their own.
 */
export function rotate(x: Value, { cos, sin }: { readonly cos: Value; readonly sin: Value }): Value {
  const half = cos.shape.at(-1) as number;
  const [first, second] = split(x, [half, half], -1) as [Value, Value];
  return concat([sub(mul(first, cos), mul(second, sin)), add(mul(second, cos), mul(first, sin))], -1);
}
