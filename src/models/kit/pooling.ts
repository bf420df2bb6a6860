import { matmul, reshape } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feed } from '../../runtime/session.ts';
import type { Rows } from './padding.ts';

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

/** States [batch·length, width], each text's weighted by `weights` [batch, length] → their sum, [batch, width]. */
export function pool(states: Value, weights: Value): Value {
  const [batch, length] = weights.shape;
  const width = states.shape[1]!;
  const summed = matmul(reshape(weights, [batch!, 1, length!]), reshape(states, [batch!, length!, width]));
  return reshape(summed, [batch!, width]);
}
