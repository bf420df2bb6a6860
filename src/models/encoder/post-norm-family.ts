import { z } from 'zod';
import type { EncodedInput } from '../../core/program.ts';
import { makeSite, type Place, type Role, type Site } from '../../core/site.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, range, tanh, transpose } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { type Sequence, selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { type CheckpointNames, weightOf } from '../kit/find-weights.ts';
import type { Frame } from '../kit/head-codec.ts';
import {
  type ActivationName,
  activationNames,
  activationOf,
  embed,
  feedForward,
  norm,
  positionBias,
  subLayer,
} from '../kit/layers.ts';
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
import { checkTokenIds, count, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';
import { bucketsWithin, type RelativePositions, relativeBuckets } from '../kit/positions.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';
import { type EncoderConfig, encoderFamily } from './encoder-family.ts';

/** An encoder with absolute positions and a norm after each sub-layer: BERT and those that came of it. */
export interface PostNormConfig extends EncoderConfig {
  readonly layers: number;
  readonly heads: number;
  readonly activation: ActivationName;
  /** Rows of the table of positions. */
  readonly positions: number;
  /** Rows of the table of types, 0 where there is none. */
  readonly types: number;
  readonly epsilon: number;
  readonly padId: number;
  /** Distances that each head prefers, beside the absolute positions. */
  readonly relative?: RelativePositions;
}

/** `config.json` as BERT's, RoBERTa's and MPNet's have it; keys that old checkpoints lack have transformers' values. */
export const bertKeys = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: z.enum(activationNames).default('gelu'),
  max_position_embeddings: count,
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: tokenId.default(0),
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
});

/** Reads a parsed `config.json` of these keys; `where` names the file in errors, `family` the checkpoint's. */
export function parseBertKeys(
  schema: z.ZodType<z.output<typeof bertKeys>>,
  json: unknown,
  where: string,
  family: string,
): PostNormConfig {
  const config = parseConfig(schema, json, where, family);
  const { vocab_size: vocabSize, pad_token_id, hidden_size: width, num_attention_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, family);
  checkHeads('num_attention_heads', heads, 'hidden_size', width, where, family);
  return {
    vocabSize,
    width,
    layers: config.num_hidden_layers,
    heads,
    feedForwardWidth: config.intermediate_size,
    activation: config.hidden_act,
    positions: config.max_position_embeddings,
    types: config.type_vocab_size,
    epsilon: config.layer_norm_eps,
    padId: pad_token_id,
  };
}

/** @throws InputError where the heads cannot share the width evenly; the keys are config.json's */
export function checkHeads(
  headsKey: string,
  heads: number,
  widthKey: string,
  width: number,
  where: string,
  family: string,
): void {
  if (width % heads === 0) return;
  throw wrongConfig(`${headsKey}: ${heads} do not divide a ${widthKey} of ${width}`, where, family);
}

/** Sites of a layer by what they are. `name` is the sub-layer's own. */
interface LayerNames {
  readonly attention: Readonly<Record<'name' | 'query' | 'key' | 'value' | 'output', string>>;
  readonly attentionNorm: string;
  readonly feedForward: Readonly<Record<'name' | 'in' | 'out', string>>;
  readonly feedForwardNorm: string;
}

/** What a family's checkpoints call its sites. */
export interface PostNormNames {
  readonly words: string;
  readonly positions: string;
  /** Absent where texts have no types. */
  readonly types?: string;
  readonly embeddingNorm: string;
  /** The table of preferred distances, where there is one. */
  readonly relative?: string;
  layer(layer: number): LayerNames;
  /** Of the first token's last state, where it was pre-trained and is read; a checkpoint need not have it. */
  readonly pooler?: string;
}

/** Every place where modules can attach, in the order of the forward pass. All linear maps and norms have biases. */
function postNormSites(
  config: PostNormConfig,
  names: PostNormNames,
  { hasPooler }: { readonly hasPooler: boolean },
): Site[] {
  const { vocabSize, positions, types, width, heads, layers, relative } = config;
  const [first, last]: Place[] = [
    { stack: 'encoder', layer: 0 },
    { stack: 'encoder', layer: layers - 1 },
  ];
  const table = (name: string | undefined, role: Role, rows: number, columns = width) =>
    name === undefined ? [] : [makeSite(name, role, first!, [rows, columns])];
  return [
    ...table(names.words, 'embedding', vocabSize),
    ...table(names.positions, 'embedding.position', positions),
    ...table(names.types, 'embedding.type', types),
    makeSite(names.embeddingNorm, 'embedding.norm', first!, [width, width], { hasBias: true }),
    ...table(names.relative, 'position-bias', relative?.numBuckets ?? 0, heads),
    ...Array.from({ length: layers }, (_, layer) => layerSites(config, names.layer(layer), layer)).flat(),
    ...(hasPooler ? [makeSite(names.pooler!, 'pooler', last!, [width, width], { hasBias: true })] : []),
  ];
}

function layerSites({ width, feedForwardWidth }: PostNormConfig, names: LayerNames, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const { attention, attentionNorm, feedForward, feedForwardNorm } = names;
  return [
    makeSite(attention.name, 'self-attention', place, [width, width]),
    ...(['query', 'key', 'value', 'output'] as const).map(part =>
      makeSite(attention[part], `self-attention.${part}`, place, [width, width], {
        hasBias: true,
        biasIsInert: part === 'key',
      }),
    ),
    makeSite(attentionNorm, 'self-attention.norm', place, [width, width], { hasBias: true }),
    makeSite(feedForward.name, 'feed-forward', place, [width, width]),
    makeSite(feedForward.in, 'feed-forward.in', place, [width, feedForwardWidth], { hasBias: true }),
    makeSite(feedForward.out, 'feed-forward.out', place, [feedForwardWidth, width], { hasBias: true }),
    makeSite(feedForwardNorm, 'feed-forward.norm', place, [width, width], { hasBias: true }),
  ];
}

/** What BERT calls its sites, and those that took its names: the blocks are what it calls its two outputs. */
export function bertNames(prefix: string): PostNormNames {
  const embeddings = `${prefix}.embeddings`;
  return {
    words: `${embeddings}.word_embeddings`,
    positions: `${embeddings}.position_embeddings`,
    types: `${embeddings}.token_type_embeddings`,
    embeddingNorm: `${embeddings}.LayerNorm`,
    layer(layer) {
      const name = `${prefix}.encoder.layer.${layer}`;
      return {
        attention: {
          name: `${name}.attention.output`,
          query: `${name}.attention.self.query`,
          key: `${name}.attention.self.key`,
          value: `${name}.attention.self.value`,
          output: `${name}.attention.output.dense`,
        },
        attentionNorm: `${name}.attention.output.LayerNorm`,
        feedForward: { name: `${name}.output`, in: `${name}.intermediate.dense`, out: `${name}.output.dense` },
        feedForwardNorm: `${name}.output.LayerNorm`,
      };
    },
  };
}

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
