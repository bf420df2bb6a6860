import { gather, gelu, mul, relu, reshape, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Value } from '../../graph/types.ts';
import { crossAttention, type Recall, type Sequence, selfAttention } from './attention.ts';
import type { T5Builder } from './builder.ts';
import { feedForwardMaps } from './t5-sites.ts';

/** Token ids [batch, length] → states [batch·length, width]. */
export function embed({ attach, weight }: T5Builder, ids: Value): Value {
  return gather(attach.weight('shared', weight('shared')), reshape(ids, [productOf(ids.shape)]));
}

/** Relative position bias of a stack [1, heads, queries, keys], from buckets [queries, keys]. */
export function positionBias(
  { config, attach, weight }: T5Builder,
  stack: 'encoder' | 'decoder',
  buckets: Value,
): Value {
  const site = `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias`;
  const rows = gather(attach.weight(site, weight(site)), reshape(buckets, [productOf(buckets.shape)]));
  const byPair = reshape(rows, [...buckets.shape, config.numHeads]);
  return reshape(transpose(byPair, [2, 0, 1]), [1, config.numHeads, ...buckets.shape]);
}

/** The encoder: states [batch·source, width] in and out, the final norm included. */
export function encoder(builder: T5Builder, embedded: Value, selfBias: Value): Value {
  let states = embedded;
  for (let layer = 0; layer < builder.config.encoderLayers; layer++) {
    const prefix = `encoder.block.${layer}`;
    states = sublayer(builder, `${prefix}.layer.0`, 'SelfAttention', states, (name, x, residual) =>
      selfAttention(builder, name, { states: x, length: 'source' }, selfBias, residual),
    );
    states = sublayer(builder, `${prefix}.layer.1`, 'DenseReluDense', states, (name, x, residual) =>
      feedForward(builder, name, x, residual),
    );
  }
  return norm(builder, 'encoder.final_layer_norm', states);
}

/** What the decoder reads of its own side. */
export interface DecoderInput extends Sequence {
  /** Added to the scores of its self-attentions: positions, and what must not be seen. */
  readonly bias: Value;
  /** Where its self-attentions look further than `states`. */
  readonly recall?: Recall;
}

/** What the decoder reads of the encoder's: states [batch·source, width], and the mask of its padding [batch, 1, 1, source]. */
export interface Encoded {
  readonly states: Value;
  readonly mask: Value;
}

/** The decoder over the encoder's states: [batch·length, width] in and out, the final norm included. */
export function decoder(
  builder: T5Builder,
  { states: embedded, length, bias, recall }: DecoderInput,
  encoded: Encoded,
): Value {
  const context: Sequence = { states: encoded.states, length: 'source' };
  let states = embedded;
  for (let layer = 0; layer < builder.config.decoderLayers; layer++) {
    const prefix = `decoder.block.${layer}`;
    states = sublayer(builder, `${prefix}.layer.0`, 'SelfAttention', states, (name, x, residual) =>
      selfAttention(builder, name, { states: x, length }, bias, residual, recall),
    );
    states = sublayer(builder, `${prefix}.layer.1`, 'EncDecAttention', states, (name, x, residual) =>
      crossAttention(builder, name, { states: x, length }, context, encoded.mask, residual),
    );
    states = sublayer(builder, `${prefix}.layer.2`, 'DenseReluDense', states, (name, x, residual) =>
      feedForward(builder, name, x, residual),
    );
  }
  return norm(builder, 'decoder.final_layer_norm', states);
}

/** Pre-norm before one sub-layer, which adds what it computes to the states. */
function sublayer(
  builder: T5Builder,
  prefix: string,
  kind: string,
  states: Value,
  compute: (name: string, x: Value, residual: Value) => Value,
): Value {
  const { graph, recompute } = builder;
  const before = graph.nodes.length;
  const normalized = norm(builder, `${prefix}.layer_norm`, states);
  const result = compute(`${prefix}.${kind}`, normalized, states);
  if (recompute) {
    for (const value of graph.nodes.slice(before).flatMap(({ outputs }) => outputs)) {
      if (value !== result) graph.recomputation.mark(value);
    }
  }
  return result;
}

function feedForward({ config, attach, map }: T5Builder, name: string, x: Value, residual: Value): Value {
  const maps = feedForwardMaps(config)
    .slice(0, -1)
    .map(each => map(`${name}.${each}`));
  const [first, second] = attach.linears(x, maps);
  const activated = config.activation === 'gelu' ? gelu(first!) : relu(first!);
  const gated = second ? mul(activated, second) : activated;
  return attach.output(name, map(`${name}.wo`), gated, residual);
}

function norm({ config, attach, weight }: T5Builder, site: string, x: Value): Value {
  return attach.norm(site, x, { kind: 'rms', weight: weight(site), epsilon: config.layerNormEpsilon });
}
