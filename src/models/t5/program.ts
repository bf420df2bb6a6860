import { gatedDelta, splitGradient } from '../../deltas/gates.ts';
import { initialDelta } from '../../deltas/layout.ts';
import type { Graph } from '../../graph/graph.ts';
import type { EncodedExample, Program } from '../../runtime/program.ts';
import { createSession, type Feeds, type Session, type SessionSettings } from '../../runtime/session.ts';
import { decoderFeeds, labelFeeds, sourceFeeds, teacherForcingFeeds } from './feeds.ts';
import { decodingGraph, encodingGraph, scoringGraph, type T5Blueprint, trainingGraph } from './graphs.ts';

/** Makes a program of a blueprint. Each of its sessions starts when it is first used: who only trains pays for no other. */
export function createProgram(blueprint: T5Blueprint, settings: SessionSettings): Program {
  const { config, layout } = blueprint;
  const sessions = new Map<string, Promise<Session>>();
  const start = async (graph: (blueprint: T5Blueprint) => Graph): Promise<Session> => {
    const started = performance.now();
    const session = await createSession(graph(blueprint), settings);
    settings.onStart?.((performance.now() - started) / 1000);
    return session;
  };
  const session = (name: string, graph: (blueprint: T5Blueprint) => Graph): Promise<Session> => {
    const known = sessions.get(name) ?? start(graph);
    sessions.set(name, known);
    return known;
  };

  const deltaFeed = (delta: Float32Array, gates: Float32Array | undefined): Feeds => {
    if (delta.length !== layout.size)
      throw new RangeError(`the delta vector has ${delta.length} numbers, not ${layout.size}`);
    if (gates && gates.length !== layout.modules.length) {
      throw new RangeError(`${gates.length} gates for ${layout.modules.length} modules`);
    }
    return { delta: { type: 'float32', data: gates ? gatedDelta(layout, delta, gates) : delta, dims: [delta.length] } };
  };

  return {
    layout,
    initialDelta: seed => initialDelta(layout, seed),

    async lossAndGradients(batch, delta, gates) {
      const training = await session('training', trainingGraph);
      const outputs = await training.run({
        ...deltaFeed(delta, gates),
        ...teacherForcingFeeds(batch, config),
        ...labelFeeds(
          batch.map(({ target }) => target),
          config,
        ),
      });
      const gradient = (outputs.gradient?.data as Float32Array | undefined) ?? new Float32Array(0);
      const byGate = gates ? splitGradient(layout, delta, gates, gradient) : new Float32Array(0);
      return { loss: (outputs.loss!.data as Float32Array)[0]!, delta: gradient, gates: byGate };
    },

    async logits(batch: readonly EncodedExample[], delta, gates) {
      const scoring = await session('scoring', scoringGraph);
      const { logits } = await scoring.run({ ...deltaFeed(delta, gates), ...teacherForcingFeeds(batch, config) });
      return {
        data: logits!.data as Float32Array,
        shape: logits!.dims as unknown as readonly [number, number, number],
      };
    },

    async generate(sources, delta, gates, { maxTokens }) {
      if (sources.length === 0) return [];
      const [encoding, decoding] = [await session('encoding', encodingGraph), await session('decoding', decodingGraph)];
      const trainable = deltaFeed(delta, gates);
      const source = sourceFeeds(sources, config);
      const { states } = await encoding.run({ ...trainable, ...source });
      const encoded: Feeds = {
        ...trainable,
        sourceMask: source.sourceMask!,
        states: { type: 'float32', data: states!.data as Float32Array, dims: states!.dims },
      };
      const rows = sources.map(() => [config.decoderStartId]);
      const finished = new Set<number>();
      for (let step = 0; step < maxTokens && finished.size < rows.length; step++) {
        const { nextIds } = await decoding.run({ ...encoded, ...decoderFeeds(rows, config) });
        for (const [row, id] of (nextIds!.data as BigInt64Array).entries()) {
          if (Number(id) === config.endId) finished.add(row);
          rows[row]!.push(finished.has(row) ? config.padId : Number(id));
        }
      }
      return rows.map(row => row.slice(1).filter(id => id !== config.padId));
    },

    async release() {
      const started = [...sessions.values()];
      sessions.clear();
      await Promise.all(started.map(async starting => (await starting).release()));
    },
  };
}
