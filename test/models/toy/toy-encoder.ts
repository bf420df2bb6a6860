import type { EncodedInput } from '../../../src/core/program.ts';
import { add } from '../../../src/graph/ops/ops.ts';
import type { Value } from '../../../src/graph/types.ts';
import { selfAttention } from '../../../src/models/kit/attention.ts';
import type { Builder } from '../../../src/models/kit/builder.ts';
import { activationOf, embed, feedForward, norm, subLayer } from '../../../src/models/kit/layers.ts';
import { idsFeed, longestOf, paddedLength, paddingMask, positionIds } from '../../../src/models/kit/padding.ts';
import type { Feeds } from '../../../src/runtime/session.ts';
import type { ToyConfig } from './toy-config.ts';

/** (ids, positions, mask) → the last states [batch·source, width]. */
export function encodeTexts(builder: Builder<ToyConfig>): Value {
  const { graph, config } = builder;
  const ids = graph.input('ids', 'int32', ['batch', 'source']);
  const positions = graph.input('positions', 'int32', ['batch', 'source']);
  const mask = graph.input('mask', 'float32', ['batch', 1, 1, 'source']);
  const embedded = add(embed(builder, 'embeddings.tokens', ids), embed(builder, 'embeddings.positions', positions));
  let states = layerNorm(builder, 'embeddings.norm', embedded);
  for (let layer = 0; layer < config.num_layers; layer++)
    states = encodeLayer(builder, `layers.${layer}`, states, mask);
  return states;
}

/** A layer with its norms after the sub-layers. */
function encodeLayer(builder: Builder<ToyConfig>, name: string, states: Value, mask: Value): Value {
  const { num_heads: heads, hidden_size: width, activation } = builder.config;
  const headWidth = width / heads;
  const [attention, layer] = [`${name}.attention`, `${name}.feed_forward`];
  const map = (part: string) => `${attention}.${part}`;
  const maps = { query: map('query'), key: map('key'), value: map('value'), output: map('output') };
  const attended = subLayer(builder, () => {
    const form = { name: attention, ...maps, heads, headWidth, scale: headWidth ** -0.5 };
    const sum = selfAttention(builder, form, { states, length: 'source' }, mask, states);
    return layerNorm(builder, `${attention}.norm`, sum);
  });
  return subLayer(builder, () => {
    const form = { name: layer, in: `${layer}.in`, out: `${layer}.out`, activation: activationOf(activation) };
    return layerNorm(builder, `${layer}.norm`, feedForward(builder, form, attended, attended));
  });
}

function layerNorm(builder: Builder<ToyConfig>, site: string, x: Value): Value {
  return norm(builder, site, x, { kind: 'layer', epsilon: builder.config.layer_norm_eps });
}

/** What `encodeTexts` reads. */
export function textFeeds(texts: readonly EncodedInput[], { pad_token_id: padId }: ToyConfig): Feeds {
  const rows = texts.map(({ ids }) => ids);
  const length = paddedLength(longestOf(rows));
  return {
    ids: idsFeed(rows, length, padId),
    positions: positionIds(rows, length),
    mask: paddingMask(rows, length),
  };
}
