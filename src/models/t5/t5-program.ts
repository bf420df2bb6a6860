import type { EncodedExample, EncodedInput, Generator, Program } from '../../core/program.ts';
import { gatedDelta, mixedDerivativeOf, splitGradient } from '../../deltas/gates.ts';
import { initialDelta } from '../../deltas/layout.ts';
import type { Graph } from '../../graph/graph.ts';
import {
  createSession,
  disposeOf,
  type Feed,
  type Feeds,
  type Session,
  type SessionSettings,
} from '../../runtime/session.ts';
import type { T5Blueprint } from './builder.ts';
import {
  decoderFeeds,
  labelFeeds,
  shiftedRight,
  sourceFeeds,
  targetIds,
  teacherForcingFeeds,
  tokenFeeds,
} from './feeds.ts';
import { emptyPast, pastOf, presentNames } from './key-value-cache.ts';
import {
  curvatureGraph,
  decodingGraph,
  encodingGraph,
  lossGraph,
  rankingGraph,
  scoringGraph,
  trainingGraph,
} from './t5-graphs.ts';
import { tokensPerRun } from './tokens-per-run.ts';

/** Makes a program of a blueprint. Each of its sessions starts when it is first used: who only trains pays for no other. */
export function createProgram(blueprint: T5Blueprint, settings: SessionSettings): Program & Generator {
  const { config, layout } = blueprint;
  const sessions = new Map<string, Promise<Session>>();
  const start = async (graph: (blueprint: T5Blueprint) => Graph, kept: readonly string[]): Promise<Session> => {
    const started = performance.now();
    const session = await createSession(graph(blueprint), settings, { kept });
    settings.onStart?.((performance.now() - started) / 1000);
    return session;
  };
  const session = (
    name: string,
    graph: (blueprint: T5Blueprint) => Graph,
    kept: readonly string[] = [],
  ): Promise<Session> => {
    const known = sessions.get(name) ?? start(graph, kept);
    sessions.set(name, known);
    return known;
  };

  const flatFeed = (what: string, vector: Float32Array, gates: Float32Array | undefined): Feed => {
    if (vector.length !== layout.size)
      throw new RangeError(`the ${what} vector has ${vector.length} numbers, not ${layout.size}`);
    if (gates && gates.length !== layout.modules.length) {
      throw new RangeError(`${gates.length} gates for ${layout.modules.length} modules`);
    }
    return { type: 'float32', data: gatedDelta(layout, vector, gates), dims: [vector.length] };
  };
  const deltaFeed = (delta: Float32Array, gates: Float32Array | undefined): Feeds => ({
    delta: flatFeed('delta', delta, gates),
  });
  const trainingFeeds = (batch: readonly EncodedExample[]): Feeds => ({
    ...teacherForcingFeeds(batch, config),
    ...labelFeeds(targetIds(batch.map(({ output }) => output)), config),
  });

  /** Has the decoding or the ranking graph read inputs, which are encoded here once and stay where they were computed. */
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
    layout,
    tokensPerRun: tokensPerRun(config, settings.device),
    initialDelta: seed => initialDelta(layout, seed),

    async loss(batch, delta, gates) {
      const measuring = await session('loss', lossGraph);
      const { loss } = await measuring.run({ ...deltaFeed(delta, gates), ...trainingFeeds(batch) });
      return (loss!.data as Float32Array)[0]!;
    },

    async lossAndGradients(batch, delta, gates) {
      const training = await session('training', trainingGraph);
      const outputs = await training.run({ ...deltaFeed(delta, gates), ...trainingFeeds(batch) });
      const gradient = (outputs.gradient?.data as Float32Array | undefined) ?? new Float32Array(0);
      const byGate = splitGradient(layout, delta, gates, gradient);
      return { loss: (outputs.loss!.data as Float32Array)[0]!, delta: gradient, gates: byGate };
    },

    async mixedDerivative(batch, delta, gates, direction) {
      if (layout.size === 0) return new Float32Array(0);
      const curving = await session('curvature', curvatureGraph);
      const outputs = await curving.run({
        ...deltaFeed(delta, gates),
        direction: flatFeed('direction', direction, gates),
        ...trainingFeeds(batch),
      });
      return mixedDerivativeOf(layout, delta, direction, {
        gradient: outputs.gradient!.data as Float32Array,
        curvature: outputs.curvature!.data as Float32Array,
      });
    },

    async logits(batch: readonly EncodedExample[], delta, gates) {
      const scoring = await session('scoring', scoringGraph);
      const { logits } = await scoring.run({ ...deltaFeed(delta, gates), ...teacherForcingFeeds(batch, config) });
      return { data: logits!.data as Float32Array, shape: logits!.dims };
    },

    async generate(inputs, delta, gates, { maxTokens }) {
      if (inputs.length === 0) return [];
      const answers: number[][] = inputs.map(() => []);
      await withEncoded(inputs, delta, gates, async encoded => {
        const decoding = await session('decoding', decodingGraph, presentNames(config));
        const finished = new Set<number>();
        let ids = inputs.map(() => config.decoderStartId);
        let past = emptyPast(inputs.length, maxTokens, config);
        try {
          for (let position = 0; position < maxTokens && finished.size < inputs.length; position++) {
            const token = tokenFeeds(ids, position, maxTokens, config);
            const { nextIds, ...present } = await decoding.run({ ...encoded, ...token, ...past });
            disposeOf(past);
            past = pastOf(present, config);
            ids = Array.from(nextIds!.data as BigInt64Array, Number);
            for (const [row, id] of ids.entries()) {
              if (id === config.endId) finished.add(row);
              if (!finished.has(row)) answers[row]!.push(id);
            }
          }
        } finally {
          disposeOf(past);
        }
      });
      return answers.map(ids => ids.filter(id => id !== config.padId));
    },

    async choose(inputs, outputs, delta, gates) {
      const targets = targetIds(outputs);
      const scores = inputs.map(() => new Float64Array(targets.length));
      if (inputs.length === 0) return scores;
      await withEncoded(inputs, delta, gates, async encoded => {
        const ranking = await session('ranking', rankingGraph);
        for (const [column, target] of targets.entries()) {
          const rows = inputs.map(() => target);
          const { labels } = labelFeeds(rows, config);
          const { logProbabilities } = await ranking.run({
            ...encoded,
            ...decoderFeeds(shiftedRight(rows, config), config),
            labels: labels!,
          });
          for (const [i, logProbability] of (logProbabilities!.data as Float32Array).entries()) {
            scores[Math.floor(i / target.length)]![column]! += logProbability;
          }
        }
      });
      return scores;
    },

    async release() {
      const started = [...sessions.values()];
      sessions.clear();
      await Promise.all(started.map(async starting => (await starting).release()));
    },
  };
}
