import type { EncodedInput } from '../../core/program.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, cast, clip, expand, range, reshape, sub, tanh } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { embed, feedForward, norm, subLayer } from '../kit/layers.ts';
import { activationOf } from '../kit/named-activations.ts';
import { idsFeed, longestOf, paddedLength, paddingMask, positionIds, tokenMask } from '../kit/padding.ts';
import { pool, poolingFeed } from '../kit/pooling.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';
import type { BertConfig } from './bert-config.ts';
import { EMBEDDINGS, layerNames, POOLER } from './bert-sites.ts';

type BertBuilder = Builder<BertConfig>;

/**
 * (ids, positions, types, mask, pooling) → the first token's state of each text [batch, width], through the pooler if
 * there is one.
 */
export function encodeTexts(builder: BertBuilder, { hasPooler }: { readonly hasPooler: boolean }): Value {
  const { graph, config, attach, map } = builder;
  const input = (name: string) => graph.input(name, 'int32', ['batch', 'source']);
  const [ids, positions, types] = [input('ids'), input('positions'), input('types')];
  const mask = graph.input('mask', 'float32', ['batch', 1, 1, 'source']);
  const weights = graph.input('pooling', 'float32', ['batch', 'source']);
  const embedded = [
    embed(builder, `${EMBEDDINGS}.word_embeddings`, ids),
    embed(builder, `${EMBEDDINGS}.token_type_embeddings`, types),
    embed(builder, `${EMBEDDINGS}.position_embeddings`, positions),
  ].reduce((sum, each) => add(sum, each));
  let states = layerNorm(builder, `${EMBEDDINGS}.LayerNorm`, embedded);
  for (let layer = 0; layer < config.layers; layer++) states = encodeLayer(builder, layer, states, mask);
  const pooled = pool(states, weights);
  return hasPooler ? tanh(attach.linear(pooled, map(POOLER))) : pooled;
}

/** A layer, with a norm of each sub-layer's sum. */
function encodeLayer(builder: BertBuilder, layer: number, states: Value, mask: Value): Value {
  const { heads, width, activation } = builder.config;
  const names = layerNames(layer);
  const headWidth = width / heads;
  const attended = subLayer(builder, () => {
    const attention = { ...names.attention, heads, headWidth, scale: headWidth ** -0.5 };
    const sum = selfAttention(builder, attention, { states, length: 'source' }, mask, states);
    return layerNorm(builder, names.attentionNorm, sum);
  });
  return subLayer(builder, () => {
    const form = { ...names.feedForward, activation: activationOf(activation) };
    return layerNorm(builder, names.feedForwardNorm, feedForward(builder, form, attended, attended));
  });
}

/** What `encodeTexts` reads, within a graph. */
export function standaloneFeeds(graph: Graph, { ids, types, mask }: StandaloneRows): Readonly<Record<string, Value>> {
  const positions = expand(reshape(range(graph, 'source'), [1, 'source']), ['batch', 'source']);
  // 1 at the first token alone.
  const pooling = sub(graph.scalar(1), cast(clip(positions, graph.int64(0), graph.int64(1)), 'float32'));
  return { ids, positions, types, mask: tokenMask(mask), pooling };
}

function layerNorm(builder: BertBuilder, site: string, x: Value): Value {
  return norm(builder, site, x, { kind: 'layer', epsilon: builder.config.epsilon });
}

/** What `encodeTexts` reads. A text without types is all of the first. */
export function textFeeds(texts: readonly EncodedInput[], { padId, positions }: BertConfig): Feeds {
  const rows = texts.map(({ ids }) => ids);
  const longest = longestOf(rows);
  if (longest > positions) throw new RangeError(`a text of ${longest} tokens, and ${positions} positions`);
  const length = paddedLength(longest);
  const types = texts.map(text => text.types ?? text.ids.map(() => 0));
  return {
    ids: idsFeed(rows, length, padId),
    positions: positionIds(rows, length),
    types: idsFeed(types, length, 0),
    mask: paddingMask(rows, length),
    pooling: poolingFeed('first', rows, length),
  };
}
