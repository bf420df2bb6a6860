import type { EncodedInput } from '../../core/program.ts';
import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import type { Graph } from '../../graph/graph.ts';
import { add, gather, range } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { encoderFamily } from '../encoder/encoder-family.ts';
import { selfAttention } from '../kit/attention.ts';
import type { Builder } from '../kit/builder.ts';
import { activationOf, embed, feedForward, norm, subLayer } from '../kit/layers.ts';
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
import { rotaryFrequencies, rotaryTables, rotate } from '../kit/positions.ts';
import type { StandaloneRows } from '../kit/text-classifier.ts';
import {
  EMBEDDING_NORM,
  EMBEDDINGS,
  FINAL_NORM,
  layerNames,
  type ModernBertConfig,
  modernBertNames,
  modernBertSites,
  parseModernBertConfig,
  type Reach,
} from './modernbert-checkpoint.ts';

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
