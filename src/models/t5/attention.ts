import { add, matmul, reshape, softmax, transpose } from '../../graph/ops/index.ts';
import type { Dim, Value } from '../../graph/types.ts';
import type { T5Builder } from './builder.ts';

/** One side of an attention: flat states [batch·length, width] and the name of its length. */
export interface Sequence {
  readonly states: Value;
  readonly length: 'source' | 'target';
}

/** Self-attention with its output projection, onto `residual`. `bias` [1 or batch, heads, length, length] is added to the scores. */
export function selfAttention(
  builder: T5Builder,
  name: string,
  { states, length }: Sequence,
  bias: Value,
  residual: Value,
): Value {
  const maps = ['q', 'k', 'v'].map(map => builder.map(`${name}.${map}`));
  const [query, key, value] = builder.attach.linears(states, maps).map(x => splitHeads(builder, x, length));
  const probabilities = softmax(add(matmul(query!, key!, { transB: true }), bias));
  return outputProjection(builder, name, matmul(probabilities, value!), length, residual);
}

/** Attention of the decoder over the encoder's states, onto `residual`. `bias` [batch, 1, 1, source] masks padding. */
export function crossAttention(
  builder: T5Builder,
  name: string,
  target: Sequence,
  source: Sequence,
  bias: Value,
  residual: Value,
): Value {
  const { attach, map } = builder;
  const query = attach.linear(target.states, map(`${name}.q`));
  const absorbs = !attach.has(`${name}.k`) && !attach.has(`${name}.v`);
  const context = (absorbs ? absorbedContext : projectedContext)(
    builder,
    name,
    { ...target, states: query },
    source,
    bias,
  );
  return outputProjection(builder, name, context, target.length, residual);
}

/** Keys and values of every source token: the plain form. Returns [batch, heads, target, headWidth]. */
function projectedContext(builder: T5Builder, name: string, query: Sequence, source: Sequence, bias: Value): Value {
  const project = (map: string): Value =>
    splitHeads(builder, builder.attach.linear(source.states, builder.map(`${name}.${map}`)), source.length);
  const scores = matmul(splitHeads(builder, query.states, query.length), project('k'), { transB: true });
  return matmul(softmax(add(scores, bias)), project('v'));
}

/**
 * The same without projecting any source token: (x W_q)(h W_k)ᵀ = ((x W_q) W_kᵀ) hᵀ and P (h W_v) = (P h) W_v, head by
 * head. With targets of a few tokens that is an order of magnitude less work.
 */
function absorbedContext(builder: T5Builder, name: string, query: Sequence, source: Sequence, bias: Value): Value {
  const { config, weight } = builder;
  const { numHeads, headWidth, modelWidth } = config;
  const length = query.length;
  const perHead = [numHeads, headWidth, modelWidth];
  const states = reshape(source.states, ['batch', source.length, modelWidth]);

  // [heads, batch·target, …] ⇄ [batch, heads·target, …]: one product a head against weights, one a row against states.
  const byRow = (x: Value): Value =>
    reshape(transpose(reshape(x, [numHeads, 'batch', length, modelWidth]), [1, 0, 2, 3]), [
      'batch',
      `${numHeads}*${length}`,
      modelWidth,
    ]);
  const byHead = (x: Value): Value =>
    reshape(transpose(reshape(x, ['batch', numHeads, length, modelWidth]), [1, 0, 2, 3]), [
      numHeads,
      `batch*${length}`,
      modelWidth,
    ]);

  const heads = transpose(reshape(query.states, [`batch*${length}`, numHeads, headWidth]), [1, 0, 2]);
  const keyed = byRow(matmul(heads, weight(`${name}.k`, perHead)));
  const scores = reshape(matmul(keyed, states, { transB: true }), ['batch', numHeads, length, source.length]);
  const probabilities = reshape(softmax(add(scores, bias)), ['batch', `${numHeads}*${length}`, source.length]);
  const gathered = byHead(matmul(probabilities, states));
  const context = matmul(gathered, weight(`${name}.v`, perHead), { transB: true });
  return transpose(reshape(context, [numHeads, 'batch', length, headWidth]), [1, 0, 2, 3]);
}

/** [batch·length, heads·headWidth] → [batch, heads, length, headWidth]. */
function splitHeads({ config }: T5Builder, x: Value, length: Dim): Value {
  return transpose(reshape(x, ['batch', length, config.numHeads, config.headWidth]), [0, 2, 1, 3]);
}

function outputProjection(builder: T5Builder, name: string, context: Value, length: Dim, residual: Value): Value {
  const { config, attach, map } = builder;
  const joined = reshape(transpose(context, [0, 2, 1, 3]), [`batch*${length}`, config.numHeads * config.headWidth]);
  return attach.output(name, map(`${name}.o`), joined, residual);
}
