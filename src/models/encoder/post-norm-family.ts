import type { EncodedInput } from '../../core/program.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, range, tanh, transpose } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { type Sequence, selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { type CheckpointNames, weightOf } from '../kit/find-weights.ts';
import type { Frame } from '../kit/head-codec.ts';
import { activationOf, embed, feedForward, norm, positionBias, subLayer } from '../kit/layers.ts';
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
import { bucketsWithin, relativeBuckets } from '../kit/positions.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';
import { encoderFamily } from './encoder-family.ts';
import { type LayerNames, type PostNormConfig, type PostNormNames, postNormSites } from './post-norm-checkpoint.ts';

/** What BERT and those that came of it differ in. */
export interface PostNormForm {
  /** As people call it. */
  readonly name: string;
  parse(json: unknown, where: string): PostNormConfig;
  readonly frame: Frame;
  readonly names: PostNormNames;
  /** What bare backbones leave out of their tensors' names: `bert`. */
  readonly prefix: string;
  /** Tensors that are not read: buffers, and what served pre-training alone. */
  readonly unread: RegExp;
  counting(config: PostNormConfig): Counting;
  /**
   * The head's first layer, as wide as the states; where the checkpoint has it as its pooler it is a part of the
   * backbone.
   */
  readonly dense: { readonly name: string; readonly activation: (x: Value) => Value };
  /** Name of the head's last layer. */
  readonly classifier: string;
}

export function postNormFamily(form: PostNormForm) {
  const { name, parse, frame, names, counting, dense, classifier } = form;
  return encoderFamily<PostNormConfig>({
    ...{ name, parse, frame, ...checkpointNames(form) },
    longest: config => config.positions - (counting(config).first ?? 0),
    head: [dense.name, classifier],
    encoder(config, has) {
      const pooler = names.pooler !== undefined && has(weightOf(names.pooler)) ? names.pooler : undefined;
      return {
        sites: postNormSites(config, names, { hasPooler: pooler !== undefined }),
        states: builder => encodeTexts(builder, names),
        firstState: (builder, first) => encodeTexts(builder, names, first),
        pooled: (builder, state) => throughPooler(builder, pooler, state),
        feeds: texts => postNormFeeds(texts, config, counting(config)),
        feedsWithin: (graph, rows) => postNormFeedsWithin(graph, rows, config, counting(config)),
        head: pooler === dense.name ? [] : [{ ...dense, outFeatures: config.width }],
      };
    },
  });
}

/** Bare backbones have no prefix, and the first checkpoints TensorFlow's gamma and beta. */
function checkpointNames({ prefix, unread }: Pick<PostNormForm, 'prefix' | 'unread'>): CheckpointNames {
  const bare = (name: string) => (name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name);
  return {
    namesOf: name => [name, bare(name)].flatMap(each => [each, inTensorFlow(each)]),
    unread: name => /^embeddings\.position_ids$/.test(bare(name)) || unread.test(bare(name)),
  };
}

const inTensorFlow = (name: string): string =>
  name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');

type PostNormBuilder = Builder<PostNormConfig>;

/**
 * (ids, positions, mask, and where there are such types, buckets) → the last states [batch·source, width].
 * @param first takes each text's first state of all, [batch, width], where no other of the last ones is wanted: the
 * last layer then computes that one alone, of whatever it sees, which saves most of a layer
 */
function encodeTexts(builder: PostNormBuilder, names: PostNormNames, first?: (states: Value) => Value): Value {
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
function throughPooler({ attach, map }: PostNormBuilder, pooler: string | undefined, state: Value): Value {
  return pooler === undefined ? state : tanh(attach.linear(state, map(pooler)));
}

/** What `encodeTexts` reads. A text without types is all of the first. */
function postNormFeeds(
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
function postNormFeedsWithin(
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
