import { z } from 'zod';
import { InputError, InterruptedError } from '../errors.ts';
import type { NumberArray } from '../files/safetensors-arrays.ts';
import type { CheckpointState, CheckpointStore } from './checkpoint.ts';

/** What every job tells of a step. */
export interface StepReport {
  /** In nats a target token. */
  readonly loss: number;
  readonly learningRate: number;
}

/** An optimisation the loop can drive, save and take up again. `Report` is what it tells about each step. */
export interface Job<Report extends StepReport> {
  readonly steps: number;
  /** Steps between two evaluations; the last step is always followed by one. */
  readonly evaluateEvery: number;
  /** What has to be equal in a run that goes on from a checkpoint. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** The job's whole state: arrays that `step` changes in place. */
  readonly arrays: Readonly<Record<string, NumberArray>>;
  /** Names of the arrays to keep as they were at the best evaluation. */
  readonly kept: readonly string[];
  /** Does one step, counted from 0. Where it fails, the arrays must be as before. */
  step(step: number): Promise<Report>;
  /** Validation score at the present state; higher is better. */
  evaluate(): Promise<number>;
}

export interface LoopContext {
  readonly checkpoint?: CheckpointStore;
  readonly signal?: AbortSignal;
  /** Longest time between two saves, evaluations apart (each is followed by a save). */
  readonly saveEverySeconds?: number;
}

export interface StepProgress {
  readonly type: 'step';
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** Wall-clock time of this step. */
  readonly seconds: number;
}

export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly steps: number;
  readonly score: number;
  /** Highest score so far, this one included. */
  readonly best: number;
  /** Mean loss of the steps since the evaluation before. */
  readonly loss: number;
  /** Of the step before. */
  readonly learningRate: number;
  /** Wall-clock time of this evaluation. */
  readonly seconds: number;
  /** Wall-clock time of all steps and evaluations so far, those before an interruption included. */
  readonly stageSeconds: number;
}

export interface LoopResult {
  readonly bestStep: number;
  readonly score: number;
  /** The `kept` arrays at the best step. */
  readonly best: Readonly<Record<string, NumberArray>>;
  /** Wall-clock time of all steps and evaluations, those before an interruption included. */
  readonly seconds: number;
}

interface Progress {
  step: number;
  /** The step whose evaluation is done: an interruption may come between a step and its evaluation. */
  evaluatedStep: number;
  bestStep: number;
  bestScore: number;
  best: Record<string, NumberArray>;
  /** Sum of the losses of the steps since the last evaluation. */
  lossSum: number;
  /** Of the last step. */
  learningRate: number;
  seconds: number;
}

const savedMeta = z.object({
  step: z.int().nonnegative(),
  evaluatedStep: z.int().nonnegative(),
  bestStep: z.int().nonnegative(),
  lossSum: z.number(),
  learningRate: z.number(),
  seconds: z.number(),
  settings: z.record(z.string(), z.string()),
});

const BEST_PREFIX = 'best.';
const BEST_SCORE = 'score';

function snapshot(job: Job<StepReport>, { bestScore, best, ...counters }: Progress): CheckpointState {
  const keptBest = Object.entries(best).map(([name, array]) => [BEST_PREFIX + name, array]);
  return {
    // The score is kept as an array because JSON has no infinities.
    arrays: { ...job.arrays, ...Object.fromEntries(keptBest), [BEST_SCORE]: Float64Array.of(bestScore) },
    meta: { ...counters, settings: asText(job.settings) },
  };
}

/** JSON has no infinities (of a clip norm, for example), text has. */
function asText(settings: Job<StepReport>['settings']): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
}

function checkSettings(saved: Record<string, string>, wanted: Record<string, string>, where?: string): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(wanted)])) {
    if (saved[key] !== wanted[key]) {
      throw new InputError(`the saved run had ${key} = ${saved[key]}, this one has ${wanted[key]}`, {
        where,
        remedy: 'resume with the same settings, or start anew in another output folder',
      });
    }
  }
}

function restore(job: Job<StepReport>, { arrays, meta }: CheckpointState, where?: string): Progress {
  const parsed = savedMeta.safeParse(meta);
  const remedy = 'it is damaged or of another version: remove it, and the stage begins anew';
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError(`the saved state cannot be read: ${path.join('.') || 'content'}: ${message}`, {
      where,
      remedy,
    });
  }
  const { settings, ...counters } = parsed.data;
  checkSettings(settings, asText(job.settings), where);
  const { step, evaluatedStep } = counters;
  if (evaluatedStep > step || step > job.steps) {
    throw new InputError(`the saved run stands at step ${step}, evaluated at ${evaluatedStep}, of ${job.steps} steps`, {
      where,
      remedy,
    });
  }
  const best = job.kept.flatMap(name => {
    const saved = arrays[BEST_PREFIX + name];
    // Nothing is kept before the first evaluation.
    return saved === undefined && evaluatedStep === 0 ? [] : [[name, saved, job.arrays[name]!] as const];
  });
  const score = [BEST_SCORE, arrays[BEST_SCORE], Float64Array.of(0)] as const;
  const live = Object.entries(job.arrays).map(([name, array]) => [name, arrays[name], array] as const);
  for (const [name, saved, wanted] of [...live, ...best, score]) checkArray(name, saved, wanted, where);
  for (const [name, saved] of [...live, ...best]) {
    if (saved!.every(Number.isFinite)) continue;
    throw new InputError(`${name} holds numbers that are not finite`, { where, remedy });
  }
  for (const [, saved, array] of live) array.set(saved!);
  return {
    ...counters,
    bestScore: score[1]![0]!,
    best: Object.fromEntries(best.map(([name, saved]) => [name, saved!])),
  };
}

function checkArray(name: string, saved: NumberArray | undefined, wanted: NumberArray, where?: string): void {
  if (saved?.length === wanted.length && saved.constructor === wanted.constructor) return;
  const found = saved === undefined ? 'no numbers' : `${saved.length} numbers (${saved.BYTES_PER_ELEMENT} bytes each)`;
  throw new InputError(
    `the saved run has ${found} in ${name}, this one ${wanted.length} (${wanted.BYTES_PER_ELEMENT} bytes each)`,
    { where, remedy: 'resume with the same model and structure, or start anew in another output folder' },
  );
}

async function evaluate(job: Job<StepReport>, progress: Progress): Promise<EvaluationEvent> {
  const started = performance.now();
  const answer = await job.evaluate();
  // A metric that is not a number ranks below every other.
  const score = Number.isNaN(answer) ? Number.NEGATIVE_INFINITY : answer;
  if (score >= progress.bestScore) {
    progress.bestScore = score;
    progress.bestStep = progress.step;
    progress.best = Object.fromEntries(job.kept.map(name => [name, job.arrays[name]!.slice()]));
  }
  const loss = progress.lossSum / (progress.step - progress.evaluatedStep);
  progress.lossSum = 0;
  progress.evaluatedStep = progress.step;
  const seconds = (performance.now() - started) / 1000;
  progress.seconds += seconds;
  const { step, bestScore: best, learningRate, seconds: stageSeconds } = progress;
  return { type: 'evaluation', step, steps: job.steps, score: answer, best, loss, learningRate, seconds, stageSeconds };
}

/**
 * Runs a job to its end, evaluating every `evaluateEvery` steps and at the end, and keeps the arrays of the best
 * evaluation (the latest among equals). State is saved after every evaluation and at least every `saveEverySeconds`;
 * a run found in the store is taken up where it stood. An abort saves and throws InterruptedError.
 *
 * An event is told before the state that contains it is saved: who keeps events misses none, and is told of the last
 * ones again by a run that goes on after a crash.
 */
export async function* runLoop<Report extends StepReport>(
  job: Job<Report>,
  { checkpoint, signal, saveEverySeconds = 60 }: LoopContext,
): AsyncGenerator<(StepProgress & Report) | EvaluationEvent, LoopResult> {
  const saved = await checkpoint?.load();
  const progress: Progress = saved
    ? restore(job, saved, checkpoint?.where)
    : {
        ...{ step: 0, evaluatedStep: 0, bestStep: 0, bestScore: Number.NEGATIVE_INFINITY, best: {} },
        ...{ lossSum: 0, learningRate: 0, seconds: 0 },
      };
  let lastSave = performance.now();
  const save = async () => {
    await checkpoint?.save(snapshot(job, progress));
    lastSave = performance.now();
  };
  const isDue = () => progress.step % job.evaluateEvery === 0 || progress.step === job.steps;

  try {
    while (progress.step < job.steps || progress.evaluatedStep < job.steps) {
      signal?.throwIfAborted();
      if (isDue() && progress.evaluatedStep < progress.step) {
        yield await evaluate(job, progress);
        await save();
      } else {
        const started = performance.now();
        const report = await job.step(progress.step);
        const seconds = (performance.now() - started) / 1000;
        progress.step += 1;
        progress.lossSum += report.loss;
        progress.learningRate = report.learningRate;
        progress.seconds += seconds;
        yield { type: 'step', step: progress.step, steps: job.steps, seconds, ...report };
        if (performance.now() - lastSave > saveEverySeconds * 1000) await save();
      }
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    await save();
    throw new InterruptedError(`interrupted after step ${progress.step} of ${job.steps}`);
  }
  const { bestStep, bestScore: score, best, seconds } = progress;
  return { bestStep, score, best, seconds };
}
