import { add, clip, gather, reshape } from '../../graph/ops/ops.ts';
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
