import { z } from 'zod';
import type { EncodedInput } from '../../core/program.ts';
import { makeSite, type Place, type Site } from '../../core/site.ts';
import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, range } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { type EncoderConfig, encoderFamily } from '../encoder/encoder-family.ts';
import { checkHeads } from '../encoder/post-norm-family.ts';
import { selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import type { CheckpointNames } from '../kit/find-weights.ts';
import {
  type ActivationName,
  activationNames,
  activationOf,
  embed,
  feedForward,
  norm,
  subLayer,
} from '../kit/layers.ts';
import {
  distances,
  idsFeed,
  localMask,
  localMaskWithin,
  longestOf,
  paddedLength,
  paddingMask,
  tokenMask,
} from '../kit/padding.ts';
import { checkTokenIds, count, distance, layerCount, parseConfig, tokenId, wrongConfig } from '../kit/parse-config.ts';
import { rotaryFrequencies, rotaryTables, rotate } from '../kit/positions.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';

const FAMILY = 'ModernBERT';

/** What a layer looks at: everything, or what is near. */
type Reach = 'full_attention' | 'sliding_attention';

const turning = z.object({ rope_type: z.literal('default').default('default'), rope_theta: z.number().positive() });

/** `config.json` of a ModernBERT checkpoint: of the first ones, and as transformers 5 writes it. */
const schema = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_activation: z.enum(activationNames).default('gelu'),
  max_position_embeddings: count.default(8192),
  norm_eps: z.number().positive().default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  pad_token_id: tokenId.default(50283),
  local_attention: distance.default(128),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  global_attn_every_n_layers: count.default(3),
  rope_parameters: z.object({ full_attention: turning, sliding_attention: turning }).partial().nullish(),
  rope_scaling: z.null().optional(),
  global_rope_theta: z.number().positive().default(160_000),
  local_rope_theta: z.number().positive().nullish(),
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_bias: z.boolean().default(false),
  classifier_activation: z.enum(activationNames).default('gelu'),
});

export interface ModernBertConfig extends EncoderConfig {
  readonly heads: number;
  readonly activation: ActivationName;
  /** Longest text, special tokens included. */
  readonly positions: number;
  readonly epsilon: number;
  readonly bias: Readonly<Record<'norm' | 'attention' | 'feedForward', boolean>>;
  readonly padId: number;
  /** What each layer looks at. */
  readonly layers: readonly Reach[];
  /** The largest distance that a layer of what is near looks at. */
  readonly window: number;
  /** θ of the rotary positions. */
  readonly theta: Readonly<Record<Reach, number>>;
  readonly classifier: {
    readonly pooling: 'cls' | 'mean';
    readonly bias: boolean;
    readonly activation: ActivationName;
  };
}

/** Reads the parsed `config.json`; `where` names the file in errors. */
export function parseModernBertConfig(json: unknown, where: string): ModernBertConfig {
  const config = parseConfig(schema, json, where, FAMILY);
  const { vocab_size: vocabSize, pad_token_id, hidden_size: width, num_attention_heads: heads } = config;
  checkTokenIds({ pad_token_id }, vocabSize, where, FAMILY);
  checkHeads('num_attention_heads', heads, 'hidden_size', width, where, FAMILY);
  const count = config.num_hidden_layers;
  const everyNth = (_: unknown, layer: number): Reach =>
    layer % config.global_attn_every_n_layers === 0 ? 'full_attention' : 'sliding_attention';
  const layers = config.layer_types ?? Array.from({ length: count }, everyNth);
  if (layers.length !== count) {
    throw wrongConfig(`layer_types: ${layers.length} for num_hidden_layers of ${count}`, where, FAMILY);
  }
  const { rope_parameters: turns } = config;
  return {
    vocabSize,
    width,
    heads,
    feedForwardWidth: config.intermediate_size,
    activation: config.hidden_activation,
    positions: config.max_position_embeddings,
    epsilon: config.norm_eps,
    bias: { norm: config.norm_bias, attention: config.attention_bias, feedForward: config.mlp_bias },
    padId: pad_token_id,
    layers,
    window: Math.floor(config.local_attention / 2),
    theta: {
      full_attention: turns?.full_attention?.rope_theta ?? config.global_rope_theta,
      sliding_attention: turns?.sliding_attention?.rope_theta ?? config.local_rope_theta ?? 10_000,
    },
    classifier: {
      pooling: config.classifier_pooling,
      bias: config.classifier_bias,
      activation: config.classifier_activation,
    },
  };
}

const EMBEDDINGS = 'model.embeddings.tok_embeddings';
const EMBEDDING_NORM = 'model.embeddings.norm';
const FINAL_NORM = 'model.final_norm';

/** What is cut out of the checkpoint's fused matrices, in their order. */
const PARTS = { Wqkv: ['query', 'key', 'value'], Wi: ['gate', 'in'] } as const;

/** Sites of a layer by what they are. The checkpoint's `Wqkv` and `Wi` are several maps side by side. */
const layerNames = (layer: number) => {
  const name = `model.layers.${layer}`;
  const [attention, feedForward] = [`${name}.attn`, `${name}.mlp`];
  return {
    // The first layer reads what the embeddings' norm has given.
    attentionNorm: layer === 0 ? undefined : `${name}.attn_norm`,
    attention: {
      name: attention,
      query: `${attention}.Wqkv.query`,
      key: `${attention}.Wqkv.key`,
      value: `${attention}.Wqkv.value`,
      output: `${attention}.Wo`,
    },
    feedForwardNorm: `${name}.mlp_norm`,
    feedForward: {
      name: feedForward,
      gate: `${feedForward}.Wi.gate`,
      in: `${feedForward}.Wi.in`,
      out: `${feedForward}.Wo`,
    },
  };
};

/**
 * Every place where modules can attach, in the order of the forward pass. Positions turn the keys: no bias is inert.
 */
function modernBertSites(config: ModernBertConfig): Site[] {
  const { vocabSize, width, layers, bias } = config;
  const [first, last]: Place[] = [
    { stack: 'encoder', layer: 0 },
    { stack: 'encoder', layer: layers.length - 1 },
  ];
  return [
    makeSite(EMBEDDINGS, 'embedding', first!, [vocabSize, width]),
    makeSite(EMBEDDING_NORM, 'embedding.norm', first!, [width, width], { hasBias: bias.norm }),
    ...layers.flatMap((_, layer) => layerSites(config, layer)),
    makeSite(FINAL_NORM, 'final.norm', last!, [width, width], { hasBias: bias.norm }),
  ];
}

function layerSites({ width, feedForwardWidth: inner, bias }: ModernBertConfig, layer: number): Site[] {
  const place: Place = { stack: 'encoder', layer };
  const { attentionNorm, attention, feedForwardNorm, feedForward } = layerNames(layer);
  const normed = { hasBias: bias.norm };
  const fed = { hasBias: bias.feedForward };
  return [
    ...(attentionNorm ? [makeSite(attentionNorm, 'self-attention.norm', place, [width, width], normed)] : []),
    makeSite(attention.name, 'self-attention', place, [width, width]),
    ...(['query', 'key', 'value', 'output'] as const).map(part =>
      makeSite(attention[part], `self-attention.${part}`, place, [width, width], { hasBias: bias.attention }),
    ),
    makeSite(feedForwardNorm, 'feed-forward.norm', place, [width, width], normed),
    makeSite(feedForward.name, 'feed-forward', place, [width, width]),
    makeSite(feedForward.gate, 'feed-forward.gate', place, [width, inner], fed),
    makeSite(feedForward.in, 'feed-forward.in', place, [width, inner], fed),
    makeSite(feedForward.out, 'feed-forward.out', place, [inner, width], fed),
  ];
}

/** Bare backbones have no prefix; the output of pre-training is not read. */
const modernBertNames: CheckpointNames = {
  namesOf: name => [name, name.replace(/^model\./, '')],
  sliceOf(name) {
    const [, fused, part, kind] = /^(.*\.(?:Wqkv|Wi))\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
    if (fused === undefined) return undefined;
    const parts: readonly string[] = fused.endsWith('Wi') ? PARTS.Wi : PARTS.Wqkv;
    return { tensor: `${fused}.${kind}`, index: parts.indexOf(part!), count: parts.length };
  },
  unread: name => /^decoder\./.test(name),
};

const [DENSE, NORM, CLASSIFIER] = ['head.dense', 'head.norm', 'classifier'] as const;

/** ModernBERT (Warner et al. 2024). Its head begins as pre-training has left it, but for the last layer. */
export const modernbert = encoderFamily<ModernBertConfig>({
  name: 'ModernBERT',
  parse: parseModernBertConfig,
  frame: { tokens: BERT_TOKENS, separators: 1, types: false },
  longest: ({ positions }) => positions,
  head: [DENSE, NORM, CLASSIFIER],
  ...modernBertNames,
  encoder: config => {
    const { width, epsilon, bias, classifier } = config;
    const activation = activationOf(classifier.activation);
    return {
      sites: modernBertSites(config),
      states: encodeTexts,
      pooling: classifier.pooling === 'cls' ? 'first' : 'mean',
      feeds: texts => textFeeds(texts, config),
      feedsWithin: (graph, rows) => textFeedsWithin(graph, rows, config),
      head: [
        { name: DENSE, outFeatures: width, hasBias: classifier.bias, activation },
        { name: NORM, epsilon, hasBias: bias.norm },
      ],
    };
  },
});

type ModernBertBuilder = Builder<ModernBertConfig>;

/** How the layers of one reach look: what is added to their scores, and how positions turn queries and keys. */
interface Looking {
  readonly bias: Value;
  turn(heads: Value): Value;
}

const headWidthOf = ({ width, heads }: ModernBertConfig): number => width / heads;

/** (ids, mask, and of each reach cos, sin; near) → the last states [batch·source, width]. */
function encodeTexts(builder: ModernBertBuilder): Value {
  const { graph, config } = builder;
  const ids = graph.input('ids', 'int32', ['batch', 'source']);
  const mask = graph.input('mask', 'float32', ['batch', 1, 1, 'source']);
  const near = () => add(graph.input('near', 'float32', [1, 1, 'source', 'source']), mask);
  const looking = new Map(
    reachesOf(config).map(reach => [reach, lookingOf(builder, reach, reach === 'full_attention' ? mask : near())]),
  );
  let states = layerNorm(builder, EMBEDDING_NORM, embed(builder, EMBEDDINGS, ids));
  for (const [layer, reach] of config.layers.entries()) {
    states = encodeLayer(builder, layer, states, looking.get(reach)!);
  }
  return layerNorm(builder, FINAL_NORM, states);
}

function lookingOf({ graph, config }: ModernBertBuilder, reach: Reach, bias: Value): Looking {
  const table = (name: string) => graph.input(`${name}.${reach}`, 'float32', ['source', headWidthOf(config) / 2]);
  const [cos, sin] = [table('cos'), table('sin')];
  return { bias, turn: heads => rotate(heads, { cos, sin }) };
}

/** A layer with a norm of what each sub-layer reads. */
function encodeLayer(builder: ModernBertBuilder, layer: number, states: Value, { bias, turn }: Looking): Value {
  const { config } = builder;
  const names = layerNames(layer);
  const headWidth = headWidthOf(config);
  const attended = subLayer(builder, () => {
    const normed = names.attentionNorm === undefined ? states : layerNorm(builder, names.attentionNorm, states);
    const attention = { ...names.attention, heads: config.heads, headWidth, scale: headWidth ** -0.5, turn };
    return selfAttention(builder, attention, { states: normed, length: 'source' }, bias, states);
  });
  return subLayer(builder, () => {
    const form = { ...names.feedForward, activation: activationOf(config.activation) };
    return feedForward(builder, form, layerNorm(builder, names.feedForwardNorm, attended), attended);
  });
}

function layerNorm(builder: ModernBertBuilder, site: string, x: Value): Value {
  return norm(builder, site, x, { kind: 'layer', epsilon: builder.config.epsilon });
}

/** What `encodeTexts` reads. */
function textFeeds(texts: readonly EncodedInput[], config: ModernBertConfig): Feeds {
  const rows = texts.map(({ ids }) => ids);
  const length = paddedLength(longestOf(rows));
  const positions = Array.from({ length }, (_, position) => position);
  const dims = [length, headWidthOf(config) / 2];
  const turning = reachesOf(config).flatMap(reach => {
    const tables = rotaryTables(rotaryFrequencies(headWidthOf(config), config.theta[reach]), positions);
    return (['cos', 'sin'] as const).map(name => [`${name}.${reach}`, { type: 'float32', data: tables[name], dims }]);
  });
  return {
    ids: idsFeed(rows, length, config.padId),
    mask: paddingMask(rows, length),
    ...Object.fromEntries(turning),
    ...(config.layers.includes('sliding_attention') && { near: localMask(length, config.window) }),
  };
}

/** The same within a graph: what positions turn by is looked up among those of all positions. */
function textFeedsWithin(
  graph: Graph,
  { ids, mask }: StandaloneRows,
  config: ModernBertConfig,
): Readonly<Record<string, Value>> {
  const order = range(graph, 'source');
  const positions = Array.from({ length: config.positions }, (_, position) => position);
  const width = headWidthOf(config) / 2;
  const turning = reachesOf(config).flatMap(reach => {
    const tables = rotaryTables(rotaryFrequencies(headWidthOf(config), config.theta[reach]), positions);
    return (['cos', 'sin'] as const).map(name => {
      return [`${name}.${reach}`, gather(graph.floats(tables[name], [positions.length, width]), order)] as const;
    });
  });
  return {
    ids,
    mask: tokenMask(mask),
    ...Object.fromEntries(turning),
    ...(config.layers.includes('sliding_attention') && {
      near: localMaskWithin(distances(order, order), config.window),
    }),
  };
}

const reachesOf = ({ layers }: ModernBertConfig): readonly Reach[] => [...new Set(layers)];
