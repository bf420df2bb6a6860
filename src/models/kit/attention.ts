import { add, matmul, reshape, scale, softmax, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import { type Dim, GraphError, type Value } from '../../graph/types.ts';
import type { Builder } from './builder.ts';

/** One side of an attention: flat states [batch·length, width] and its length, a name or a number. */
export interface Sequence {
  readonly states: Value;
  readonly length: Dim;
}

/** What a self-attention looks at, each [batch, keyHeads, length, headWidth]. */
interface KeysAndValues {
  readonly keys: Value;
  readonly values: Value;
}

/** Gives a self-attention, by its name, the keys and values to look at in place of its own tokens' alone. */
export type Recall = (name: string, own: KeysAndValues) => KeysAndValues;

/** A self-attention: its sites, and how it looks. */
export interface SelfAttention {
  /** The sub-layer's own site, a block host. */
  readonly name: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly heads: number;
  /** Heads of keys and values, each of which several heads of queries share (default: as many as `heads`). */
  readonly keyHeads?: number;
  readonly headWidth: number;
  /** What scores are multiplied by, 1/√headWidth in most families (default 1). */
  readonly scale?: number;
  /** Turns queries and keys [batch, heads, length, headWidth] by their positions (`rotate`). */
  readonly turn?: (heads: Value) => Value;
  readonly recall?: Recall;
}

/**
 * A self-attention with its output projection, onto `residual`. `bias`, which holds masks and relative positions,
 * [1 or batch, 1 or heads, 1 or length, seen], is added to the scores.
 * @param asking the tokens whose states are wanted, where these are not all that are looked at
 */
export function selfAttention(
  builder: Builder,
  attention: SelfAttention,
  { states, length }: Sequence,
  bias: Value,
  residual: Value,
  asking: Sequence = { states, length },
): Value {
  const { name, heads, keyHeads = heads, headWidth, turn = whole => whole, recall = (_, own) => own } = attention;
  const [asks, ...answers] = [attention.query, attention.key, attention.value].map(site => builder.map(site));
  const { attach } = builder;
  const [query, key, value] =
    asking.states === states
      ? attach.linears(states, [asks!, ...answers])
      : [attach.linear(asking.states, asks!), ...attach.linears(states, answers)];
  const scaled = attention.scale === undefined ? query! : scale(query!, attention.scale);
  const queries = turn(splitHeads(scaled, asking.length, heads, headWidth));
  const own = turn(splitHeads(key!, length, keyHeads, headWidth));
  const { keys, values } = recall(name, { keys: own, values: splitHeads(value!, length, keyHeads, headWidth) });
  const context = joinHeads(attend(softmax(add(scoresOf(queries, keys), bias)), values));
  return attach.output(name, builder.map(attention.output), context, residual);
}

/** [batch·length, heads·headWidth] → [batch, heads, length, headWidth]. */
export function splitHeads(x: Value, length: Dim, heads: number, headWidth: number): Value {
  return transpose(reshape(x, ['batch', length, heads, headWidth]), [0, 2, 1, 3]);
}

/** [batch, heads, length, headWidth] → [batch·length, heads·headWidth]. */
export function joinHeads(context: Value): Value {
  const [, heads, length, headWidth] = context.shape;
  const rows = productOf(['batch', length!]);
  return reshape(transpose(context, [0, 2, 1, 3]), [rows, productOf([heads!, headWidth!])]);
}

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
