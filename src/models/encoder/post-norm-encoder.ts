import type { EncodedInput } from '../../core/program.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, range, tanh, transpose } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { type Sequence, selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { embed, feedForward, norm, positionBias, subLayer } from '../kit/layers.ts';
import { activationOf } from '../kit/named-activations.ts';
import {
  type Counting,
  distances,
  idsFeed,
  longestOf,
  paddedLength,
  paddingMask,
  positionIds,
  positionsWithin,
  tokenMask,
} from '../kit/padding.ts';
import { bucketsWithin, relativeBuckets } from '../kit/relative-positions.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';
import type { PostNormConfig } from './post-norm-config.ts';
import type { LayerNames, PostNormNames } from './post-norm-sites.ts';

type PostNormBuilder = Builder<PostNormConfig>;

/**
 * (ids, positions, mask, and where there are such types, buckets) → the last states [batch·source, width].
 * @param first takes each text's first state of all, [batch, width], where no other of the last ones is wanted: the
 * last layer then computes that one alone, of whatever it sees, which saves most of a layer
 */
export function encodeTexts(builder: PostNormBuilder, names: PostNormNames, first?: (states: Value) => Value): Value {
  const { graph, config } = builder;
  const table = (site: string | undefined, input: string) =>
    site === undefined ? [] : [embed(builder, site, graph.input(input, 'int32', ['batch', 'source']))];
  const mask = graph.input('mask', 'float32', ['batch', 1, 1, 'source']);
  const embedded = [
    ...table(names.words, 'ids'),
    ...table(names.types, 'types'),
    ...table(names.positions, 'positions'),
  ].reduce((sum, each) => add(sum, each));
  const preferred =
    names.relative === undefined
      ? undefined
      : positionBias(builder, names.relative, graph.input('buckets', 'int32', ['source', 'source']));
  const masked = (bias: Value | undefined) => (bias ? add(bias, mask) : mask);
  const bias = masked(preferred);
  let states = layerNorm(builder, names.embeddingNorm, embedded);
  for (let layer = 0; layer < config.layers; layer++) {
    const isLast = layer === config.layers - 1;
    const asking = isLast && first ? { states: first(states), length: 1 } : { states, length: 'source' };
    const seen = isLast && first ? masked(preferred && ofFirstQuery(preferred)) : bias;
    states = encodeLayer(builder, names.layer(layer), states, seen, asking);
  }
  return states;
}

/** Of a bias [1, heads, queries, keys] that of the first query: [1, heads, 1, keys]. */
function ofFirstQuery(bias: Value): Value {
  const byQuery = gather(transpose(bias, [2, 0, 1, 3]), bias.graph.int64s([0]));
  return transpose(byQuery, [1, 2, 0, 3]);
}

/** A layer of the states that are asked for, which see all, with a norm of each sub-layer's sum. */
function encodeLayer(builder: PostNormBuilder, names: LayerNames, states: Value, bias: Value, asking: Sequence): Value {
  const { heads, width, activation } = builder.config;
  const headWidth = width / heads;
  const attended = subLayer(builder, () => {
    const attention = { ...names.attention, heads, headWidth, scale: headWidth ** -0.5 };
    const sum = selfAttention(builder, attention, { states, length: 'source' }, bias, asking.states, asking);
    return layerNorm(builder, names.attentionNorm, sum);
  });
  return subLayer(builder, () => {
    const form = { ...names.feedForward, activation: activationOf(activation) };
    return layerNorm(builder, names.feedForwardNorm, feedForward(builder, form, attended, attended));
  });
}

function layerNorm(builder: PostNormBuilder, site: string, x: Value): Value {
  return norm(builder, site, x, { kind: 'layer', epsilon: builder.config.epsilon });
}

/** A text's state [batch, width], through the pooler if there is one. */
export function throughPooler({ attach, map }: PostNormBuilder, pooler: string | undefined, state: Value): Value {
  return pooler === undefined ? state : tanh(attach.linear(state, map(pooler)));
}

/** What `encodeTexts` reads. A text without types is all of the first. */
export function postNormFeeds(
  texts: readonly EncodedInput[],
  { padId, types, relative }: PostNormConfig,
  counting: Counting,
): Feeds {
  const rows = texts.map(({ ids }) => ids);
  const length = paddedLength(longestOf(rows));
  const typesOf = ({ types: own, ids }: EncodedInput) => own ?? ids.map(() => 0);
  return {
    ids: idsFeed(rows, length, padId),
    positions: positionIds(rows, length, counting),
    mask: paddingMask(rows, length),
    ...(types > 0 && { types: idsFeed(texts.map(typesOf), length, 0) }),
    ...(relative && {
      buckets: { type: 'int32', data: relativeBuckets(length, true, relative), dims: [length, length] },
    }),
  };
}

/** The same within a graph. */
export function postNormFeedsWithin(
  graph: Graph,
  { ids, types, mask }: StandaloneRows,
  { types: typeCount, relative }: PostNormConfig,
  counting: Counting,
): Readonly<Record<string, Value>> {
  const order = range(graph, 'source');
  return {
    ids,
    positions: positionsWithin(ids, counting),
    mask: tokenMask(mask),
    ...(typeCount > 0 && { types }),
    ...(relative && { buckets: bucketsWithin(distances(order, order), true, relative) }),
  };
}
