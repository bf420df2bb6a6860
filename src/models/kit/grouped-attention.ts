import { matmul, reshape } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import { GraphError, type Value } from '../../graph/types.ts';

/**
 * Scores of queries [batch, heads, length, width] and keys [batch, keyHeads, seen, width]:
 * [batch, heads, length, seen].
 *
 * In grouped-query attention (Ainslie et al. 2023) query head h looks at key head ⌊h / (heads / keyHeads)⌋. The heads
 * of a group lie side by side, so that they are rows of one product with the group's keys, and no key is ever repeated.
 * With as many key heads as heads it is plain attention.
 */
export function scoresOf(queries: Value, keys: Value): Value {
  return ungrouped(matmul(grouped(queries, keys), keys, { transB: true }), queries);
}

/**
 * Σ probability · value of probabilities [batch, heads, length, seen] and values [batch, keyHeads, seen, width]:
 * [batch, heads, length, width].
 */
export function attend(probabilities: Value, values: Value): Value {
  return ungrouped(matmul(grouped(probabilities, values), values), probabilities);
}

/** [batch, heads, length, …] → [batch, keyHeads, heads / keyHeads · length, …], the same memory. */
function grouped(x: Value, { shape: [, keyHeads] }: Value): Value {
  const [batch, heads, length, width] = x.shape;
  const perGroup = (heads as number) / (keyHeads as number);
  if (!Number.isInteger(perGroup)) throw new GraphError('attention', `${heads} heads do not share ${keyHeads} evenly`);
  const rows = productOf([perGroup, length!]);
  return reshape(x, [batch!, keyHeads!, rows, width!]);
}

/** The way back, to the batch, heads and length that x was grouped from. */
function ungrouped(x: Value, { shape: [batch, heads, length] }: Value): Value {
  return reshape(x, [batch!, heads!, length!, x.shape.at(-1)!]);
}
