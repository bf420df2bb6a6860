import type { AnswerMode, EncodedExample, Program } from '../core/program.ts';
import { type AnswerOptions, batchAnswerer } from '../library/scoring.ts';
import { type BatchSize, type ProgramGraphs, productFlops } from '../runtime/program-graphs.ts';
import type { GenerationRuns, Runs, Workload } from './workload.ts';

/** How long this machine takes for one program's work. */
export interface ProgramTiming {
  /** How validations are answered. */
  readonly answers: AnswerMode;
  readonly training: CostModel;
  readonly generation: CostModel;
  /** Compiling the sessions and touching their memory, once a stage. */
  readonly startSeconds: number;
}

/**
 * Times a few loss-and-gradient evaluations and a few generations: the largest batch, which also warms up, one from the
 * middle and the smallest.
 * @param mostRows rows that fit into memory at once
 */
export async function timeProgram(
  program: Program,
  graphs: ProgramGraphs,
  { training, generation }: Pick<Workload, 'training' | 'generation'>,
  options: { readonly answers: AnswerOptions; readonly mostRows: number; readonly signal?: AbortSignal },
): Promise<ProgramTiming> {
  const { answers, mostRows, signal } = options;
  const delta = program.initialDelta(0);
  const gates = new Float32Array(program.layout.modules.length).fill(0.5);

  const evaluate = (batch: readonly EncodedExample[]) => program.lossAndGradients(batch, delta, gates);
  const trained = await time(pick(training, mostRows), trainingFlops(graphs), evaluate, signal);
  const answer = batchAnswerer(program, answers, { delta, gates });
  const generated = await time(pick(generation, mostRows), answeringFlops(graphs, answers.answers), answer, signal);
  return {
    answers: answers.answers,
    training: fitCost(trained.timings),
    generation: fitCost(generated.timings),
    startSeconds: trained.startSeconds + generated.startSeconds,
  };
}

/** Seconds of a stage's work, start included. */
export function workSeconds(timing: ProgramTiming, graphs: ProgramGraphs, work: Workload): number {
  return (
    timing.startSeconds +
    runsSeconds(timing.training, trainingFlops(graphs), work.training) +
    generationSeconds(timing, graphs, work.generation)
  );
}

export function generationSeconds(
  timing: ProgramTiming,
  graphs: ProgramGraphs,
  runs: readonly GenerationRuns[],
): number {
  return runsSeconds(timing.generation, answeringFlops(graphs, timing.answers), runs);
}

type FlopsOf = (size: BatchSize) => number;

function runsSeconds(model: CostModel, flopsOf: FlopsOf, runs: readonly Runs<unknown>[]): number {
  return runs.reduce((sum, { size, count }) => sum + count * secondsOf(model, flopsOf(size)), 0);
}

/** Operations of one loss with its gradients. */
const trainingFlops =
  (graphs: ProgramGraphs): FlopsOf =>
  size =>
    productFlops(graphs.training, graphs.extents(size));

/** Operations of answering a batch, each answer as long as the longest allowed. */
function answeringFlops(graphs: ProgramGraphs, mode: AnswerMode): FlopsOf {
  const answering = graphs.answering(mode);
  return size => {
    const extents = graphs.extents(size);
    return answering.reduce((sum, { graph, runs }) => sum + runs(size) * productFlops(graph, extents), 0);
  };
}

interface Sample<Batch> {
  readonly size: BatchSize;
  readonly batch: readonly Batch[];
}

/** The largest batch, one from the middle, the smallest; none of more than `mostRows` rows. */
function pick<Row>(runs: readonly Runs<readonly Row[]>[], mostRows: number): Sample<Row>[] {
  if (runs.length === 0) return [];
  const sorted = [...runs].sort((a, b) => b.size.rows * b.size.source - a.size.rows * a.size.source);
  const places = new Set([0, Math.floor(sorted.length / 2), sorted.length - 1]);
  return [...places].map(place => {
    const { size, batch } = sorted[place]!;
    const rows = Math.min(size.rows, mostRows);
    return { size: { ...size, rows }, batch: batch.slice(0, rows) };
  });
}

/** A call is made twice, a short one oftener within so many seconds: the machine's noise only ever adds time. */
const REPETITIONS = { least: 2, most: 3, seconds: 3 } as const;

async function time<Row>(
  samples: readonly Sample<Row>[],
  flopsOf: FlopsOf,
  call: (batch: readonly Row[]) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<{ startSeconds: number; timings: Timing[] }> {
  const once = async ({ batch }: Sample<Row>) => {
    signal?.throwIfAborted();
    const started = performance.now();
    await call(batch);
    return (performance.now() - started) / 1000;
  };
  const fastest = async (sample: Sample<Row>) => {
    const taken: number[] = [];
    const { least, most, seconds } = REPETITIONS;
    const isEnough = () => taken.length === most || (taken.length >= least && taken.reduce((a, b) => a + b) >= seconds);
    while (!isEnough()) taken.push(await once(sample));
    return Math.min(...taken);
  };
  if (samples.length === 0) return { startSeconds: 0, timings: [] };
  const first = await once(samples[0]!);
  const timings: Timing[] = [];
  for (const sample of samples) timings.push({ flops: flopsOf(sample.size), seconds: await fastest(sample) });
  return { startSeconds: Math.max(0, first - timings[0]!.seconds), timings };
}

/** One timed call: what it computes, in floating-point operations of its matrix products, and how long it took. */
export interface Timing {
  readonly flops: number;
  readonly seconds: number;
}

/** Seconds of a call = `overhead` + `flops` / `rate`. */
export interface CostModel {
  readonly overhead: number;
  /** Floating-point operations a second. */
  readonly rate: number;
}

/**
 * A line is drawn through timings whose operations differ by this factor; nearer ones tell noise from overhead badly.
 */
const SPREAD = 1.5;

/**
 * The line through the timings that is best in relative errors. Where they cannot tell an overhead, or tell an
 * impossible one, a rate alone.
 */
export function fitCost(timings: readonly Timing[]): CostModel {
  // Least squares of (overhead + flops / rate − seconds) / seconds.
  let [ones, mixed, squares, one, x] = [0, 0, 0, 0, 0];
  for (const { flops, seconds } of timings) {
    ones += 1 / seconds ** 2;
    mixed += flops / seconds ** 2;
    squares += (flops / seconds) ** 2;
    one += 1 / seconds;
    x += flops / seconds;
  }
  const flops = timings.map(timing => timing.flops);
  const determinant = ones * squares - mixed ** 2;
  const slope = (ones * x - mixed * one) / determinant;
  const overhead = (squares * one - mixed * x) / determinant;
  const isTold = Math.max(...flops) >= SPREAD * Math.min(...flops) && slope > 0 && overhead >= 0;
  return isTold ? { overhead, rate: 1 / slope } : { overhead: 0, rate: squares / x };
}

export function secondsOf({ overhead, rate }: CostModel, flops: number): number {
  return overhead + flops / rate;
}
