import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import type { Generator, Program } from '../../core/program.ts';
import { loadTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import { disposeOf, type Feeds, type SessionSettings } from '../../runtime/session.ts';
import { decodeGreedily, presentNames } from '../kit/decoding.ts';
import type { CheckpointNames } from '../kit/find-weights.ts';
import { type Answers, type Backbone, loadBackbone, sketchBackbone } from '../kit/load-backbone.ts';
import type { Rows } from '../kit/padding.ts';
import { createProgramCore, tokensPerRun } from '../kit/program-core.ts';
import type { Family } from '../model.ts';
import { answerScores, answersFeeds, answerTree } from './answer-tree.ts';
import { groupsOf, targetIds, tokenFeeds } from './feeds.ts';
import { type SourceRows, sideBySide, sourceRows } from './side-by-side.ts';
import { standaloneGraphs } from './standalone.ts';
import { parseT5Config, type T5Config, type T5Variant, t5Sites } from './t5-checkpoint.ts';
import { t5Codec } from './t5-codec.ts';
import {
  cacheForm,
  decodingGraph,
  encodingGraph,
  programGraphs,
  rankingGraph,
  type T5Blueprint,
  t5Forward,
} from './t5-graphs.ts';

/** Names under which checkpoints keep the one embedding table. */
const EMBEDDING_NAMES = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];

/** The first checkpoints hold a table that no attention reads. */
const NEVER_READ = 'decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight';

/** How checkpoints of a T5 name their tensors. */
function t5Names({ tied }: Pick<T5Config, 'tied'>): CheckpointNames {
  return {
    namesOf: name => (EMBEDDING_NAMES.includes(name) ? EMBEDDING_NAMES : [name]),
    // A copy of the embedding, where the two are tied.
    unread: name => name === NEVER_READ || (tied && name === 'lm_head.weight'),
  };
}

const TEXT: Answers<T5Config> = {
  heads: [],
  program: createT5Program,
  graphs: programGraphs,
  standalone: standaloneGraphs,
};

/** One `model_type` of the family, as the list of families takes it. Whatever it is asked for, it answers in text. */
export function t5Family(variant: T5Variant): Family {
  const readTokenizer = (folder: string) => loadTokenizer(folder, variant.extraIds);
  const describe = (folder: string, json: unknown): Backbone<T5Config> => {
    const config = parseT5Config(json, join(folder, 'config.json'), variant);
    return {
      config,
      vocabSize: config.vocabSize,
      sites: t5Sites(config),
      ...t5Names(config),
      loadTokenizer: readTokenizer,
      codec: (tokenizer, task, options) => t5Codec(json, tokenizer, task, options),
      answersFor: () => ({ kind: 'text' }),
      answers(kind) {
        if (kind === undefined || kind.kind === 'text') return TEXT;
        throw new InputError(`${variant.name} answers in text, not by a ${kind.kind}`, {
          code: 'answers-impossible',
          where: folder,
          remedy: 'spell the answers as words',
        });
      },
    };
  };
  return {
    async load(name, folder, json, settings) {
      const backbone = describe(folder, json);
      return loadBackbone(name, folder, () => backbone, settings);
    },
    sketch: async (name, folder, json) => sketchBackbone(name, describe(folder, json)),
    async openCodecs(folder, json) {
      const tokenizer = await readTokenizer(folder);
      return (task, options) => t5Codec(json, tokenizer, task, options);
    },
  };
}

/** Logits that answers are ranked by at once, unless those of one answer are more: 32 MiB. */
const LOGITS = 2 ** 23;

/**
 * Makes a program of a blueprint: beside what is trained it encodes inputs once, and writes or ranks answers to them.
 */
function createT5Program(blueprint: T5Blueprint, settings: SessionSettings): Program & Generator {
  const { config } = blueprint;
  const { feedForwardWidth, decoderStartId, endId, padId } = config;
  const { program, session, deltaFeed } = createProgramCore(
    blueprint,
    t5Forward(config),
    { tokensPerRun: tokensPerRun(feedForwardWidth, settings.device) },
    settings,
  );

  /**
   * Has the decoding or the ranking graph read rows of texts, which are encoded here once and stay where they were
   * computed.
   */
  const withEncoded = async <Result>(
    rows: readonly Rows[],
    delta: Float32Array,
    gates: Float32Array | undefined,
    read: (encoded: Feeds, maskFor: SourceRows['maskFor']) => Promise<Result>,
  ): Promise<Result> => {
    const encoding = await session('encoding', encodingGraph, ['states']);
    const trainable = deltaFeed(delta, gates);
    const { feeds, maskFor } = sourceRows(rows, config);
    const { states } = await encoding.run({ ...trainable, ...feeds });
    const encoded = { states: states! };
    try {
      return await read({ ...trainable, ...encoded }, maskFor);
    } finally {
      disposeOf(encoded);
    }
  };

  return {
    ...program,

    async generate(inputs, delta, gates, { maxTokens }) {
      if (inputs.length === 0) return [];
      const cache = cacheForm(config);
      const firstIds = inputs.map(() => decoderStartId);
      const rows = inputs.map(({ ids }) => [ids]);
      return withEncoded(rows, delta, gates, async (states, maskFor) => {
        const encoded = { ...states, sourceMask: maskFor([0]) };
        const decoding = await session('decoding', decodingGraph, presentNames(cache));
        return decodeGreedily({
          ...{ firstIds, maxTokens, endId, padId, cache },
          run: (ids, position, past) =>
            decoding.run({ ...encoded, ...tokenFeeds(ids, position, maxTokens, config), ...past }),
        });
      });
    },

    async choose(inputs, outputs, delta, gates) {
      const targets = targetIds(outputs);
      const scores = inputs.map(() => new Float64Array(targets.length));
      if (inputs.length === 0) return scores;
      const rows = sideBySide(
        inputs.map(({ ids }) => ids.length),
        targets.flat().length,
      );
      const perRow = Math.max(...rows.map(({ length }) => length));
      const sources = rows.map(texts => texts.map(text => inputs[text]!.ids));
      await withEncoded(sources, delta, gates, async (encoded, maskFor) => {
        const ranking = await session('ranking', rankingGraph);
        let first = 0;
        for (const group of groupsOf(targets, LOGITS / (rows.length * perRow * config.vocabSize))) {
          const tree = answerTree(group, decoderStartId);
          const asking = Array.from({ length: perRow }, (_, place) => tree.nodes.map(() => place)).flat();
          const feeds = { ...answersFeeds(tree, perRow, rows.length, config), sourceMask: maskFor(asking) };
          const { logProbabilities } = await ranking.run({ ...encoded, ...feeds });
          const data = logProbabilities!.data as Float32Array;
          const size = tree.nodes.length * tree.choices;
          for (const [row, texts] of rows.entries()) {
            for (const [place, text] of texts.entries()) {
              const begin = (row * perRow + place) * size;
              scores[text]!.set(answerScores(tree, data.subarray(begin, begin + size)), first);
            }
          }
          first += group.length;
        }
      });
      return scores;
    },
  };
}
