import { add, matmul, reshape, softmax, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Dim, Value } from '../../graph/types.ts';
import type { T5Builder } from './builder.ts';

/** One side of an attention: flat states [batch·length, width] and its length, a name or a number. */
export interface Sequence {
  readonly states: Value;
  readonly length: Dim;
}

/** What a self-attention looks at, each [batch, heads, length, headWidth]. */
export interface KeysAndValues {
  readonly keys: Value;
  readonly values: Value;
}

/** Gives a self-attention, by its name, the keys and values to look at in place of its own tokens' alone. */
export type Recall = (name: string, own: KeysAndValues) => KeysAndValues;

const ownAlone: Recall = (_, own) => own;

/** Self-attention with its output projection, onto `residual`. `bias` [1 or batch, heads, length, recalled] is added to the scores. */
export function selfAttention(
  builder: T5Builder,
  name: string,
  { states, length }: Sequence,
  bias: Value,
  residual: Value,
  recall = ownAlone,
): Value {
  const maps = ['q', 'k', 'v'].map(map => builder.map(`${name}.${map}`));
  const [query, key, value] = builder.attach.linears(states, maps).map(x => splitHeads(builder, x, length));
  const { keys, values } = recall(name, { keys: key!, values: value! });
  const probabilities = softmax(add(matmul(query!, keys, { transB: true }), bias));
  return outputProjection(builder, name, matmul(probabilities, values), length, residual);
}

/**
 * Attention of the decoder over the encoder's states, onto `residual`, without projecting any source token:
 * (x W_q)(h W_k)ᵀ = ((x W_q) W_kᵀ) hᵀ and P (h W_v) = (P h) W_v, head by head. With targets of a few tokens that is an order
 * of magnitude less work. `bias` [batch, 1, 1, source] masks padding.
 */
export function crossAttention(
  builder: T5Builder,
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
  const joined = transpose(reshape(context, [numHeads, 'batch', length, headWidth]), [1, 0, 2, 3]);
  return outputProjection(builder, name, joined, length, residual);
}

/** A map by heads, modules included: weight [heads, headWidth, width], bias [heads·headWidth]. */
function headMap({ config, attach, weight }: T5Builder, site: string): { weight: Value; bias?: Value } {
  const shape = [config.numHeads, config.headWidth, config.modelWidth];
  const own = weight(site);
  const { weight: merged, ...bias } = attach.merged({ site, weight: own });
  // Unchanged it is read from the checkpoint in this shape: ONNX Runtime would copy what a node reshapes.
  return { weight: merged === own ? weight(site, shape) : reshape(merged, shape), ...bias };
}

/** [batch·length, heads·headWidth] → [batch, heads, length, headWidth]. */
function splitHeads({ config }: T5Builder, x: Value, length: Dim): Value {
  return transpose(reshape(x, ['batch', length, config.numHeads, config.headWidth]), [0, 2, 1, 3]);
}

function outputProjection(builder: T5Builder, name: string, context: Value, length: Dim, residual: Value): Value {
  const { config, attach, map } = builder;
  const rows = productOf(['batch', length]);
  const joined = reshape(transpose(context, [0, 2, 1, 3]), [rows, config.numHeads * config.headWidth]);
  return attach.output(name, map(`${name}.o`), joined, residual);
}
