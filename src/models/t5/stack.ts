import { add, matmul, reshape, softmax, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Dim, Value } from '../../graph/types.ts';
import {
  attend,
  joinHeads,
  type Recall,
  type SelfAttention,
  type Sequence,
  scoresOf,
  selfAttention,
  splitHeads,
} from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { activationOf, embed, type FeedForward, feedForward, norm, positionBias, subLayer } from '../kit/layers.ts';
import type { T5Config } from './t5-checkpoint.ts';

export type T5Builder = Builder<T5Config>;

const ACTIVATIONS = { relu: 'relu', gelu: 'gelu_new' } as const;

/** Token ids [batch, length] → states [batch·length, width]. */
export const embedTokens = (builder: T5Builder, ids: Value): Value => embed(builder, 'shared', ids);

/** What is added to the scores of a layer's self-attention [1 or batch, heads, queries, keys]. */
export type BiasOf = (layer: number) => Value;

/** Relative positions of a stack, from buckets [queries, keys], with a mask: one bias for all layers, or one each. */
export function positionBiasOf(builder: T5Builder, stack: 'encoder' | 'decoder', buckets: Value, mask: Value): BiasOf {
  const biasOf: BiasOf = layer => {
    const site = `${stack}.block.${layer}.layer.0.SelfAttention.relative_attention_bias`;
    return add(positionBias(builder, site, buckets), mask);
  };
  if (builder.config.biasPerLayer) return biasOf;
  const shared = biasOf(0);
  return () => shared;
}

/** The encoder: states [batch·source, width] in and out, the final norm included. */
export function encoder(builder: T5Builder, embedded: Value, biasOf: BiasOf): Value {
  let states = embedded;
  for (let layer = 0; layer < builder.config.encoderLayers; layer++) {
    const prefix = `encoder.block.${layer}`;
    const bias = biasOf(layer);
    states = preNormed(builder, `${prefix}.layer.0`, 'SelfAttention', states, (name, x, residual) =>
      selfAttention(builder, selfAttentionOf(builder, name), { states: x, length: 'source' }, bias, residual),
    );
    states = preNormed(builder, `${prefix}.layer.1`, 'DenseReluDense', states, (name, x, residual) =>
      feedForward(builder, feedForwardOf(builder, name), x, residual),
    );
  }
  return rmsNorm(builder, 'encoder.final_layer_norm', states);
}

/** What the decoder reads of its own side. */
export interface DecoderInput extends Sequence {
  /** Added to the scores of its self-attentions: positions, and what must not be seen. */
  readonly biasOf: BiasOf;
  /** Where its self-attentions look further than `states`. */
  readonly recall?: Recall;
}

/**
 * What the decoder reads of the encoder's: states [batch·source, width], and the mask of its padding [batch, 1, 1,
 * source].
 */
export interface Encoded {
  readonly states: Value;
  readonly mask: Value;
  /**
   * Where keys and values of the source are remembered: `states` then are of the tokens whose are not, as many as
   * `length` names.
   */
  readonly recall?: { readonly length: string; readonly recall: Recall };
}

/** The decoder over the encoder's states: [batch·length, width] in and out, the final norm included. */
export function decoder(
  builder: T5Builder,
  { states: embedded, length, biasOf, recall }: DecoderInput,
  encoded: Encoded,
): Value {
  const context: Sequence = { states: encoded.states, length: 'source' };
  const remembered = { ...context, ...encoded.recall! };
  let states = embedded;
  for (let layer = 0; layer < builder.config.decoderLayers; layer++) {
    const prefix = `decoder.block.${layer}`;
    const bias = biasOf(layer);
    states = preNormed(builder, `${prefix}.layer.0`, 'SelfAttention', states, (name, x, residual) =>
      selfAttention(builder, selfAttentionOf(builder, name, recall), { states: x, length }, bias, residual),
    );
    states = preNormed(builder, `${prefix}.layer.1`, 'EncDecAttention', states, (name, x, residual) =>
      encoded.recall
        ? rememberedCrossAttention(builder, name, { states: x, length }, remembered, encoded.mask, residual)
        : crossAttention(builder, name, { states: x, length }, context, encoded.mask, residual),
    );
    states = preNormed(builder, `${prefix}.layer.2`, 'DenseReluDense', states, (name, x, residual) =>
      feedForward(builder, feedForwardOf(builder, name), x, residual),
    );
  }
  return rmsNorm(builder, 'decoder.final_layer_norm', states);
}

/** Names of the decoder's self-attentions. */
export function decoderAttentions({ decoderLayers }: T5Config): string[] {
  return Array.from({ length: decoderLayers }, (_, layer) => `decoder.block.${layer}.layer.0.SelfAttention`);
}

/** Pre-norm before one sub-layer, which adds what it computes to the states. */
function preNormed(
  builder: T5Builder,
  prefix: string,
  kind: string,
  states: Value,
  compute: (name: string, x: Value, residual: Value) => Value,
): Value {
  return subLayer(builder, () =>
    compute(`${prefix}.${kind}`, rmsNorm(builder, `${prefix}.layer_norm`, states), states),
  );
}

/** T5 scales no scores: its initial weights do. */
function selfAttentionOf({ config }: T5Builder, name: string, recall?: Recall): SelfAttention {
  const [query, key, value, output] = ['q', 'k', 'v', 'o'].map(map => `${name}.${map}`) as [
    string,
    string,
    string,
    string,
  ];
  const { numHeads: heads, headWidth } = config;
  return { name, query, key, value, output, heads, headWidth, ...(recall && { recall }) };
}

function feedForwardOf({ config }: T5Builder, name: string): FeedForward {
  const maps = config.gated ? { gate: `${name}.wi_0`, in: `${name}.wi_1` } : { in: `${name}.wi` };
  return { name, ...maps, out: `${name}.wo`, activation: activationOf(ACTIVATIONS[config.activation]) };
}

function rmsNorm(builder: T5Builder, site: string, x: Value): Value {
  return norm(builder, site, x, { kind: 'rms', epsilon: builder.config.layerNormEpsilon });
}

/**
 * Attention of the decoder over the encoder's states, onto `residual`, without projecting any source token: (x W_q)(h
 * W_k)ᵀ = ((x W_q) W_kᵀ) hᵀ and P (h W_v) = (P h) W_v, head by head. With targets of a few tokens that is an order of
 * magnitude less work. `bias` [batch, 1, 1, source] masks padding.
 */
function crossAttention(
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
function rememberedCrossAttention(
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
