import type { EncodedExample, Program } from '../../core/program.ts';
import { gatedDelta, mixedDerivativeOf, splitGradient } from '../../deltas/gates.ts';
import { type Head, initialDelta } from '../../deltas/layout.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import type { DeviceName } from '../../runtime/device.ts';
import { createSession, type Feed, type Feeds, type Session, type SessionSettings } from '../../runtime/session.ts';
import { type Blueprint, type Builder, createBuilder } from './builder.ts';
import { curvatureGraph, lossGraph, trainingGraph } from './step-graphs.ts';

/** How a family computes, in as much as a program is trained: the passes, and what they read of a batch. */
export interface Forward<Config> {
  /** Mean loss of a batch over its terms (`countLossTerms`). */
  loss(builder: Builder<Config>): Value;
  lossFeeds(batch: readonly EncodedExample[]): Feeds;
  /** Logits, of the shape that `Program.logits` tells. */
  logits(builder: Builder<Config>): Value;
  logitsFeeds(batch: readonly EncodedExample[]): Feeds;
  /** The last layer's states, of the shape that `Program.states` tells. */
  states(builder: Builder<Config>): Value;
  statesFeeds(batch: readonly EncodedExample[]): Feeds;
}

/** What a program of any family does alike, and what its family builds the rest with. */
export interface ProgramCore<Config> {
  readonly program: Omit<Program, 'choose' | 'generate'>;
  /** The session of a graph, started when it is first asked for; `kept` outputs stay on the device. */
  session(name: string, graph: (blueprint: Blueprint<Config>) => Graph, kept?: readonly string[]): Promise<Session>;
  /** What every graph reads: the trained parameters, each with its gate and scale. */
  deltaFeed(delta: Float32Array, gates: Float32Array | undefined): Feeds;
}

/** A value of a batch as the output of that name, logits or states. */
export function outputGraph<Config>(
  blueprint: Blueprint<Config>,
  name: 'logits' | 'states',
  value: (builder: Builder<Config>) => Value,
): Graph {
  const builder = createBuilder(blueprint);
  builder.graph.output(name, value(builder));
  return builder.graph;
}

/** Makes of a family's forward pass what is trained and searched with. */
export function createProgramCore<Config>(
  blueprint: Blueprint<Config>,
  forward: Forward<Config>,
  { heads = [], tokensPerRun }: { readonly heads?: readonly Head[]; readonly tokensPerRun?: number },
  settings: SessionSettings,
): ProgramCore<Config> {
  const { layout } = blueprint;
  const sessions = createSessions(settings);
  const session: ProgramCore<Config>['session'] = (name, graph, kept) =>
    sessions.of(name, () => graph(blueprint), kept);

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

  return {
    session,
    deltaFeed,
    program: {
      layout,
      ...(tokensPerRun !== undefined && { tokensPerRun }),
      initialDelta: (seed, examples) => initialDelta(layout, seed, heads, examples),

      async loss(batch, delta, gates) {
        const measuring = await session('loss', made => lossGraph(made, forward.loss));
        const { loss } = await measuring.run({ ...deltaFeed(delta, gates), ...forward.lossFeeds(batch) });
        return (loss!.data as Float32Array)[0]!;
      },

      async lossAndGradients(batch, delta, gates) {
        const training = await session('training', made => trainingGraph(made, forward.loss));
        const outputs = await training.run({ ...deltaFeed(delta, gates), ...forward.lossFeeds(batch) });
        const gradient = (outputs.gradient?.data as Float32Array | undefined) ?? new Float32Array(0);
        const byGate = splitGradient(layout, delta, gates, gradient);
        return { loss: (outputs.loss!.data as Float32Array)[0]!, delta: gradient, gates: byGate };
      },

      async mixedDerivative(batch, delta, gates, direction) {
        if (layout.size === 0) return new Float32Array(0);
        const curving = await session('curvature', made => curvatureGraph(made, forward.loss));
        const outputs = await curving.run({
          ...deltaFeed(delta, gates),
          direction: flatFeed('direction', direction, gates),
          ...forward.lossFeeds(batch),
        });
        return mixedDerivativeOf(layout, delta, direction, {
          gradient: outputs.gradient!.data as Float32Array,
          curvature: outputs.curvature!.data as Float32Array,
        });
      },

      async logits(batch, delta, gates) {
        const scoring = await session('scoring', made => outputGraph(made, 'logits', forward.logits));
        const { logits } = await scoring.run({ ...deltaFeed(delta, gates), ...forward.logitsFeeds(batch) });
        return { data: logits!.data as Float32Array, shape: logits!.dims };
      },

      async states(batch, delta, gates) {
        const reading = await session('states', made => outputGraph(made, 'states', forward.states));
        const { states } = await reading.run({ ...deltaFeed(delta, gates), ...forward.statesFeeds(batch) });
        return { data: states!.data as Float32Array, shape: states!.dims };
      },

      release: () => sessions.release(),
    },
  };
}

/** Sessions of a program by name. */
interface Sessions {
  /**
   * The session of a graph, which is made and compiled when it is first asked for: who only trains pays for no other.
   */
  of(name: string, graph: () => Graph, kept?: readonly string[]): Promise<Session>;
  release(): Promise<void>;
}

function createSessions(settings: SessionSettings): Sessions {
  const sessions = new Map<string, Promise<Session>>();
  const start = async (graph: () => Graph, kept: readonly string[]): Promise<Session> => {
    const started = performance.now();
    const session = await createSession(graph(), settings, { kept });
    settings.onStart?.((performance.now() - started) / 1000);
    return session;
  };
  return {
    of(name, graph, kept = []) {
      const known = sessions.get(name) ?? start(graph, kept);
      sessions.set(name, known);
      return known;
    },
    async release() {
      const started = [...sessions.values()];
      sessions.clear();
      await Promise.all(started.map(async starting => (await starting).release()));
    },
  };
}

/** The largest hidden states that a run should pass from one operation to the next, in bytes. */
const CACHED_BYTES = 12 * 2 ** 20;

/**
 * Input tokens of a run above which two smaller ones are faster, by the feed-forwards' hidden states. Measured on two
 * cores with 1 MiB of second-level cache each and 32 MiB of the third: on T5-base, 16 × 128 tokens in two runs take
 * 0.92 to 0.96 of the time of one, with all candidates attached and without. Another device than the CPU has no such
 * caches, and a price for every run.
 */
export function tokensPerRun(feedForwardWidth: number, device: DeviceName = 'cpu'): number {
  if (device !== 'cpu') return Number.POSITIVE_INFINITY;
  return Math.floor(CACHED_BYTES / (Float32Array.BYTES_PER_ELEMENT * feedForwardWidth));
}
