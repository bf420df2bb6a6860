import { z } from 'zod';
import { InputError, InterruptedError } from '../errors.ts';
import type { NumberArray } from '../files/safetensors-arrays.ts';
import type { CheckpointState, CheckpointStore } from './checkpoint.ts';

/** An optimisation the loop can drive, save and take up again. `Report` is what it tells about each step. */
export interface Job<Report extends object> {
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
  /** Wall-clock time of this evaluation. */
  readonly seconds: number;
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
  seconds: number;
}

const savedMeta = z.object({
  step: z.number(),
  evaluatedStep: z.number(),
  bestStep: z.number(),
  seconds: z.number(),
  settings: z.record(z.string(), z.string()),
});

const BEST_PREFIX = 'best.';
const BEST_SCORE = 'score';

function snapshot(job: Job<object>, progress: Progress): CheckpointState {
  const { step, evaluatedStep, bestStep, bestScore, best, seconds } = progress;
  const keptBest = Object.entries(best).map(([name, array]) => [BEST_PREFIX + name, array]);
  return {
    // The score is kept as an array because JSON has no infinities.
    arrays: { ...job.arrays, ...Object.fromEntries(keptBest), [BEST_SCORE]: Float64Array.of(bestScore) },
    meta: { step, evaluatedStep, bestStep, seconds, settings: asText(job.settings) },
  };
}

/** JSON has no infinities (of a clip norm, for example), text has. */
function asText(settings: Job<object>['settings']): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
}

function checkSettings(saved: Record<string, string>, wanted: Record<string, string>): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(wanted)])) {
    if (saved[key] !== wanted[key]) {
      throw new InputError(`the saved run had ${key} = ${saved[key]}, this one has ${wanted[key]}`, {
        remedy: 'resume with the same settings, or start anew in another output folder',
      });
    }
  }
}

function restore(job: Job<object>, { arrays, meta }: CheckpointState): Progress {
  const { settings, ...counters } = savedMeta.parse(meta);
  checkSettings(settings, asText(job.settings));
  for (const [name, live] of Object.entries(job.arrays)) {
    const saved = arrays[name];
    if (saved?.length !== live.length) {
      throw new InputError(`the saved run has ${saved?.length ?? 'no'} numbers in ${name}, this one ${live.length}`, {
        remedy: 'resume with the same model and structure, or start anew in another output folder',
      });
    }
    live.set(saved);
  }
  const best = Object.entries(arrays)
    .filter(([name]) => name.startsWith(BEST_PREFIX))
    .map(([name, array]) => [name.slice(BEST_PREFIX.length), array]);
  return { ...counters, bestScore: arrays[BEST_SCORE]![0]!, best: Object.fromEntries(best) };
}

async function evaluate(job: Job<object>, progress: Progress): Promise<EvaluationEvent> {
  const started = performance.now();
  const answer = await job.evaluate();
  // A metric that is not a number ranks below every other.
  const score = Number.isNaN(answer) ? Number.NEGATIVE_INFINITY : answer;
  if (score >= progress.bestScore) {
    progress.bestScore = score;
    progress.bestStep = progress.step;
    progress.best = Object.fromEntries(job.kept.map(name => [name, job.arrays[name]!.slice()]));
  }
  progress.evaluatedStep = progress.step;
  const seconds = (performance.now() - started) / 1000;
  progress.seconds += seconds;
  const { step, bestScore: best } = progress;
  return { type: 'evaluation', step, steps: job.steps, score: answer, best, seconds };
}

/**
 * Runs a job to its end, evaluating every `evaluateEvery` steps and at the end, and keeps the arrays of the best
 * evaluation (the latest among equals). State is saved after every evaluation and at least every `saveEverySeconds`;
 * a run found in the store is taken up where it stood. An abort saves and throws InterruptedError.
 */
export async function* runLoop<Report extends object>(
  job: Job<Report>,
  { checkpoint, signal, saveEverySeconds = 60 }: LoopContext,
): AsyncGenerator<(StepProgress & Report) | EvaluationEvent, LoopResult> {
  const saved = await checkpoint?.load();
  const progress: Progress = saved
    ? restore(job, saved)
    : { step: 0, evaluatedStep: 0, bestStep: 0, bestScore: Number.NEGATIVE_INFINITY, best: {}, seconds: 0 };
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
        const event = await evaluate(job, progress);
        await save();
        yield event;
      } else {
        const started = performance.now();
        const report = await job.step(progress.step);
        const seconds = (performance.now() - started) / 1000;
        progress.step += 1;
        progress.seconds += seconds;
        if (performance.now() - lastSave > saveEverySeconds * 1000) await save();
        yield { type: 'step', step: progress.step, steps: job.steps, seconds, ...report };
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
