import { add, matmul, reshape, softmax, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Dim, Value } from '../../graph/types.ts';
import { attend, joinHeads, type Recall, type Sequence, scoresOf, splitHeads } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import type { T5Config } from './t5-config.ts';

/**
 * Attention of the decoder over the encoder's states, onto `residual`, without projecting any source token: (x W_q)(h
 * W_k)ᵀ = ((x W_q) W_kᵀ) hᵀ and P (h W_v) = (P h) W_v, head by head. With targets of a few tokens that is an order of
 * magnitude less work. `bias` [batch, 1, 1, source] masks padding.
 */
export function crossAttention(
  builder: Builder<T5Config>,
  name: string,
  target: Sequence,
  source: Sequence,
  bias: Value,
  residual: Value,
): Value {
  const { attach, map, config } = builder;
  const { numHeads, headWidth, modelWidth } = config;
  const { length } = target;
  const [rows, queries] = [productOf(['batch', length]), productOf([numHeads, length])];
  const query = attach.linear(target.states, map(`${name}.q`));
  const states = reshape(source.states, ['batch', source.length, modelWidth]);

  // [heads, batch·target, …] ⇄ [batch, heads·target, …]: one product a head against weights, one a row against states.
  const byRow = (x: Value): Value =>
    reshape(transpose(reshape(x, [numHeads, 'batch', length, modelWidth]), [1, 0, 2, 3]), [
      'batch',
      queries,
      modelWidth,
    ]);
  const byHead = (x: Value): Value =>
    reshape(transpose(reshape(x, ['batch', numHeads, length, modelWidth]), [1, 0, 2, 3]), [numHeads, rows, modelWidth]);

  // A bias of the keys adds the same to all scores of a query, and a softmax does not see that.
  const { weight: keys } = headMap(builder, `${name}.k`);
  const { weight: values, bias: valueBias } = headMap(builder, `${name}.v`);
  const heads = transpose(reshape(query, [rows, numHeads, headWidth]), [1, 0, 2]);
  const keyed = byRow(matmul(heads, keys));
  const scores = reshape(matmul(keyed, states, { transB: true }), ['batch', numHeads, length, source.length]);
  const probabilities = reshape(softmax(add(scores, bias)), ['batch', queries, source.length]);
  const gathered = byHead(matmul(probabilities, states));
  const projected = matmul(gathered, values, { transB: true });
  // Probabilities sum to 1, so a bias of every value is a bias of what is gathered of them.
  const context = valueBias ? add(projected, reshape(valueBias, [numHeads, 1, headWidth])) : projected;
  const joined = joinHeads(transpose(reshape(context, [numHeads, 'batch', length, headWidth]), [1, 0, 2, 3]));
  return attach.output(name, map(`${name}.o`), joined, residual);
}

/**
 * The same by keys and values of the source's tokens, which are made once for all tokens of an answer: `source` has
 * the tokens whose keys and values are not remembered, and `recall` puts these to them.
 */
export function rememberedCrossAttention(
  builder: Builder<T5Config>,
  name: string,
  { states, length }: Sequence,
  source: Sequence & { readonly recall: Recall },
  bias: Value,
  residual: Value,
): Value {
  const { attach, map, config } = builder;
  const heads = (x: Value, of: Dim) => splitHeads(x, of, config.numHeads, config.headWidth);
  const [key, value] = attach.linears(source.states, [map(`${name}.k`), map(`${name}.v`)]);
  const own = { keys: heads(key!, source.length), values: heads(value!, source.length) };
  const { keys, values } = source.recall(name, own);
  const queries = heads(attach.linear(states, map(`${name}.q`)), length);
  const context = attend(softmax(add(scoresOf(queries, keys), bias)), values);
  return attach.output(name, map(`${name}.o`), joinHeads(context), residual);
}

/** A map by heads, modules included: weight [heads, headWidth, width], bias [heads·headWidth]. */
function headMap({ config, attach, weight }: Builder<T5Config>, site: string): { weight: Value; bias?: Value } {
  const shape = [config.numHeads, config.headWidth, config.modelWidth];
  const own = weight(site);
  const { weight: merged, ...bias } = attach.merged({ site, weight: own });
  // Unchanged it is read from the checkpoint in this shape: ONNX Runtime would copy what a node reshapes.
  return { weight: merged === own ? weight(site, shape) : reshape(merged, shape), ...bias };
}
