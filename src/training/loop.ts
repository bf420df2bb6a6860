import { InterruptedError } from '../core/errors.ts';
import type { NumberArray } from '../files/safetensors-arrays.ts';
import { type CheckpointStore, type Progress, restore, snapshot, startProgress } from './checkpoint.ts';
import type { Stage, StepReport } from './stage.ts';

/** Where a loop saves its state, and what stops it. */
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
  /** Whether an evaluation of it follows. */
  readonly evaluates?: boolean;
  /** Where one would be due and the stage has none: the mean loss of the steps since the last that was. */
  readonly meanLoss?: number;
  /** With it, the wall-clock time of all steps so far, those before an interruption included. */
  readonly stageSeconds?: number;
}

/** A validation, between two steps. */
export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly steps: number;
  readonly score: number;
  /** Mean loss of the examples that were scored, where the stage takes it. */
  readonly validationLoss?: number;
  /** Score of the best evaluation so far, this one included: the highest, unless the stage is judged by its loss. */
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
  /** Steps done: fewer than the stage's where it finished early. */
  readonly steps: number;
  /** 0 where nothing was evaluated, and the score then −∞. */
  readonly bestStep: number;
  readonly score: number;
  /** Of the best evaluation, where the stage takes it. */
  readonly validationLoss?: number;
  /** The `kept` arrays at the best step. */
  readonly best: Readonly<Record<string, NumberArray>>;
  /** Wall-clock time of all steps and evaluations, those before an interruption included. */
  readonly seconds: number;
}

async function evaluate(
  stage: Stage<StepReport>,
  score: () => Promise<number>,
  progress: Progress,
): Promise<EvaluationEvent> {
  const started = performance.now();
  const answer = await score();
  const validationLoss = await stage.validationLoss?.();
  // A metric that is not a number ranks below every other.
  const ranked = Number.isNaN(answer) ? Number.NEGATIVE_INFINITY : answer;
  const isBest = stage.judgedByLoss
    ? lossRank(validationLoss) <= lossRank(progress.bestLoss)
    : ranked >= progress.bestScore;
  if (isBest) {
    progress.bestScore = ranked;
    progress.bestLoss = validationLoss ?? Number.NaN;
    progress.bestStep = progress.step;
    progress.best = Object.fromEntries(stage.kept.map(name => [name, stage.arrays[name]!.slice()]));
  }
  const loss = meanLoss(progress);
  passOver(progress);
  const seconds = (performance.now() - started) / 1000;
  progress.seconds += seconds;
  const { step, bestScore: best, learningRate, seconds: stageSeconds } = progress;
  return {
    type: 'evaluation',
    step,
    steps: stage.steps,
    score: answer,
    ...(validationLoss !== undefined && { validationLoss }),
    best,
    loss,
    learningRate,
    seconds,
    stageSeconds,
  };
}

/** A loss that is not taken, or no number, ranks behind every other. */
function lossRank(loss = Number.NaN): number {
  return Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
}

/** Of the steps since an evaluation was due. */
function meanLoss({ lossSum, step, evaluatedStep }: Progress): number {
  return lossSum / (step - evaluatedStep);
}

/** An evaluation that is due is done, or the stage has none. */
function passOver(progress: Progress): void {
  progress.lossSum = 0;
  progress.evaluatedStep = progress.step;
}

/**
 * Runs a stage to its end, evaluating every `evaluateEvery` steps and at the end, and keeps the arrays of the best
 * evaluation (the latest among equals). A stage that has no evaluation sums its steps up as often. State is saved after
 * every evaluation and at least every `saveEverySeconds`; a run found in the store is taken up where it stood. An abort
 * saves and throws InterruptedError.
 *
 * An event is told before the state that contains it is saved: who keeps events misses none, and is told of the last
 * ones again by a run that goes on after a crash.
 */
export async function* runLoop<Report extends StepReport>(
  stage: Stage<Report>,
  { checkpoint, signal, saveEverySeconds = 60 }: LoopContext,
): AsyncGenerator<(StepProgress & Report) | EvaluationEvent, LoopResult> {
  const saved = await checkpoint?.load();
  const progress = saved ? restore(stage, saved, checkpoint?.where) : startProgress();
  let lastSave = performance.now();
  const save = async () => {
    await checkpoint?.save(snapshot(stage, progress));
    lastSave = performance.now();
  };
  const isOver = () =>
    progress.evaluatedStep === progress.step &&
    (progress.step === stage.steps || (progress.step > 0 && stage.finished?.()));
  const isDue = () => progress.step % stage.evaluateEvery === 0 || progress.step === stage.steps;

  try {
    while (!isOver()) {
      signal?.throwIfAborted();
      if (isDue() && progress.evaluatedStep < progress.step) {
        const score = stage.evaluate?.bind(stage);
        if (score === undefined) passOver(progress);
        else yield await evaluate(stage, score, progress);
        await save();
      } else {
        const started = performance.now();
        const report = await stage.step(progress.step);
        const seconds = (performance.now() - started) / 1000;
        progress.step += 1;
        progress.lossSum += report.loss;
        progress.learningRate = report.learningRate;
        progress.seconds += seconds;
        const evaluates = isDue() && stage.evaluate !== undefined;
        const passed = { meanLoss: meanLoss(progress), stageSeconds: progress.seconds };
        const told = { evaluates, ...(isDue() && !evaluates && passed) };
        yield { type: 'step', step: progress.step, steps: stage.steps, seconds, ...told, ...report };
        if (performance.now() - lastSave > saveEverySeconds * 1000) await save();
      }
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    await save();
    throw new InterruptedError(`interrupted after step ${progress.step} of ${stage.steps}`);
  }
  const { step: steps, bestStep, bestScore: score, bestLoss: validationLoss, best, seconds } = progress;
  return { steps, bestStep, score, ...(stage.validationLoss && { validationLoss }), best, seconds };
}
