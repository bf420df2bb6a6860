import type { EncodedInput, Generator, Program } from '../../core/program.ts';
import { disposeOf, type Feeds, type SessionSettings } from '../../runtime/session.ts';
import { decodeGreedily, presentNames } from '../kit/decoding.ts';
import { createProgramCore, tokensPerRun } from '../kit/program-core.ts';
import { answersFeeds, groupsOf, sourceFeeds, targetIds, tokenFeeds } from './feeds.ts';
import { cacheForm, decodingGraph, encodingGraph, rankingGraph, type T5Blueprint, t5Forward } from './t5-graphs.ts';

/** Logits that answers are ranked by at once, unless those of one answer are more: 32 MiB. */
const LOGITS = 2 ** 23;

/**
 * Makes a program of a blueprint: beside what is trained it encodes inputs once, and writes or ranks answers to them.
 */
export function createT5Program(blueprint: T5Blueprint, settings: SessionSettings): Program & Generator {
  const { config } = blueprint;
  const { feedForwardWidth, decoderStartId, endId, padId } = config;
  const { program, session, deltaFeed } = createProgramCore(
    blueprint,
    t5Forward(config),
    { tokensPerRun: tokensPerRun(feedForwardWidth, settings.device) },
    settings,
  );

  /**
   * Has the decoding or the ranking graph read inputs, which are encoded here once and stay where they were computed.
   */
  const withEncoded = async <Result>(
    inputs: readonly EncodedInput[],
    delta: Float32Array,
    gates: Float32Array | undefined,
    read: (encoded: Feeds) => Promise<Result>,
  ): Promise<Result> => {
    const encoding = await session('encoding', encodingGraph, ['states']);
    const trainable = deltaFeed(delta, gates);
    const source = sourceFeeds(
      inputs.map(({ ids }) => ids),
      config,
    );
    const { states } = await encoding.run({ ...trainable, ...source });
    const encoded = { states: states! };
    try {
      return await read({ ...trainable, sourceMask: source.sourceMask!, ...encoded });
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
      return withEncoded(inputs, delta, gates, async encoded => {
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
      await withEncoded(inputs, delta, gates, async encoded => {
        const ranking = await session('ranking', rankingGraph);
        let first = 0;
        for (const group of groupsOf(targets, LOGITS / (inputs.length * config.vocabSize))) {
          const { logProbabilities } = await ranking.run({ ...encoded, ...answersFeeds(group, inputs.length, config) });
          const columns = group.flatMap((target, i) => target.map(() => first + i));
          for (const [i, logProbability] of (logProbabilities!.data as Float32Array).entries()) {
            scores[Math.floor(i / columns.length)]![columns[i % columns.length]!]! += logProbability;
          }
          first += group.length;
        }
      });
      return scores;
    },
  };
}
