import { cast, exp, expand, log, matmul, mul, neg, range, reduceSum, reshape, sub } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feed } from '../../runtime/session.ts';
import { isOther, type Rows } from './padding.ts';

/** Which of a text's states stand for it: of its first token, of its last, or their mean. */
export type Pooling = 'first' | 'last' | 'mean';

/** A text's weights by the positions of its tokens, which sum to 1. */
const weighers: Readonly<Record<Pooling, (tokens: readonly number[]) => ReadonlyMap<number, number>>> = {
  first: tokens => new Map(tokens.slice(0, 1).map(position => [position, 1])),
  last: tokens => new Map(tokens.slice(-1).map(position => [position, 1])),
  mean: tokens => new Map(tokens.map(position => [position, 1 / tokens.length])),
};

/**
 * What `pool` is fed, [texts, length] row by row. `mask` has 1 at each text's tokens and 0 at padding, on whichever
 * side. A text without tokens gets zeros.
 */
export function poolingWeights(pooling: Pooling, mask: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(
    mask.flatMap(row => {
      const weights = weighers[pooling](row.flatMap((isToken, position) => (isToken ? [position] : [])));
      return row.map((_, position) => weights.get(position) ?? 0);
    }),
  );
}

/** What `pool` is fed for texts padded at their ends: float32 [texts, length]. */
export function poolingFeed(pooling: Pooling, rows: Rows, length: number): Feed {
  const mask = rows.map(row => Array.from({ length }, (_, position) => Number(position < row.length)));
  return { type: 'float32', data: poolingWeights(pooling, mask), dims: [rows.length, length] };
}

/** The same within a graph, of texts padded at their ends: mask int64 [batch, length], float32 out. */
export function poolingWithin(pooling: Pooling, mask: Value): Value {
  const { graph, shape } = mask;
  const [batch, length] = shape as [string, string];
  const tokens = cast(mask, 'float32');
  const count = reduceSum(tokens, [1]);
  if (pooling === 'mean') return mul(tokens, exp(neg(log(count))));
  const positions = expand(reshape(range(graph, length), [1, length]), [batch, length]);
  // 1 where a token is as far from the first as the one that is looked for.
  const wanted = pooling === 'first' ? graph.int64(0) : sub(cast(count, 'int64'), graph.int64(1));
  return sub(graph.scalar(1), cast(isOther(positions, wanted), 'float32'));
}

/** States [batch·length, width], each text's weighted by `weights` [batch, length] → their sum, [batch, width]. */
export function pool(states: Value, weights: Value): Value {
  const [batch, length] = weights.shape;
  const width = states.shape[1]!;
  const summed = matmul(reshape(weights, [batch!, 1, length!]), reshape(states, [batch!, length!, width]));
  return reshape(summed, [batch!, width]);
}
