import { add, clip, concat, gather, mul, reshape, split, sub } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Value } from '../../graph/types.ts';

/** Positions relative to each other as T5 and MPNet tell them apart: near ones exactly, far ones by the logarithm. */
export interface RelativePositions {
  readonly numBuckets: number;
  /** From here on all distances are one bucket. */
  readonly maxDistance: number;
}

/** Rounds as the reference implementation does, in float32: a bucket's edge falls on the same distance. */
const { fround } = Math;

/** Bucket of one relative position (key − query). */
export function relativePositionBucket(
  position: number,
  bidirectional: boolean,
  numBuckets: number,
  maxDistance: number,
): number {
  const buckets = bidirectional ? numBuckets / 2 : numBuckets;
  const offset = bidirectional && position > 0 ? buckets : 0;
  const distance = bidirectional ? Math.abs(position) : Math.max(-position, 0);
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return offset + distance;
  const ratio = fround(fround(Math.log(fround(distance / exact))) / fround(Math.log(maxDistance / exact)));
  return offset + Math.min(buckets - 1, exact + Math.floor(fround(ratio * (buckets - exact))));
}

/** Buckets by key − query from −`far` to `far`; from `maxDistance` on all are one. */
function bucketTable(
  bidirectional: boolean,
  { numBuckets, maxDistance }: RelativePositions,
  far = maxDistance,
): Int32Array {
  return Int32Array.from({ length: 2 * far + 1 }, (_, i) =>
    relativePositionBucket(i - far, bidirectional, numBuckets, maxDistance),
  );
}

/** Buckets of all pairs of `length` positions, [query, key] row-major. */
export function relativeBuckets(length: number, bidirectional: boolean, positions: RelativePositions): Int32Array {
  const far = Math.min(positions.maxDistance, length - 1);
  const table = bucketTable(bidirectional, positions, far);
  const buckets = new Int32Array(length * length);
  for (let query = 0; query < length; query++) {
    for (let key = 0; key < length; key++) {
      const near = Math.max(-far, Math.min(far, key - query));
      buckets[query * length + key] = table[near + far]!;
    }
  }
  return buckets;
}

/** The same within a graph, of distances int64 [queries, keys]: looked up among all that are told apart. */
export function bucketsWithin(between: Value, bidirectional: boolean, positions: RelativePositions): Value {
  const { graph, shape } = between;
  const { maxDistance: far } = positions;
  const near = clip(between, graph.int64(-far), graph.int64(far));
  const rows = reshape(add(near, graph.int64(far)), [productOf(shape)]);
  return reshape(gather(graph.int64s(Array.from(bucketTable(bidirectional, positions))), rows), shape);
}

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
