import { clipNorm } from '../core/arrays.ts';
import { countTokens, type EncodedExample, type Trainable } from '../core/program.ts';
import { deltaOf } from '../deltas/delta.ts';
import { type EvaluationEvent, type LoopContext, runLoop, type StepProgress } from './loop.ts';
import { rateOfTraining } from './rates.ts';
import { type StageConfig, tuneStream } from './stage.ts';
import { createBatchCursor, withMicroBatches } from './step-batches.ts';
import { adamwStep, checkFinite, countSteps, createMoments, headRate, linearDecay, stoppable } from './steps.ts';

/** What is trained, on what, from where on. */
export interface TuneProblem {
  readonly program: Trainable;
  readonly examples: readonly EncodedExample[];
  readonly initialDelta: Float32Array;
  /** Validation score of a delta vector; higher is better. The vector must not be kept: it changes in place. */
  evaluate(delta: Float32Array): Promise<number>;
  /** Mean loss of the examples that the score is taken on, to be told with each score; not told without it. */
  validationLoss?(delta: Float32Array): Promise<number>;
}

/** Gradients are clipped to a norm of 2 where nothing is said. */
export type TuneOptions = Omit<StageConfig, 'clipNorm'> & Partial<Pick<StageConfig, 'clipNorm'>>;

export interface TuneStepEvent extends StepProgress {
  /** Mean cross-entropy of the batch, in nats a target token. */
  readonly loss: number;
  readonly learningRate: number;
  /** Source and target tokens of the batch, without padding. */
  readonly tokens: number;
}

/** What a training tells while it runs. */
export type TuneEvent = TuneStepEvent | EvaluationEvent;

/** What a training has found, and what it took. */
export interface TuneResult {
  /** The delta vector of the best evaluation. */
  readonly delta: Float32Array;
  readonly bestStep: number;
  readonly score: number;
  /** Of the best evaluation, where the stage takes it. */
  readonly validationLoss?: number;
  readonly steps: number;
  /** Loss-and-gradient evaluations, a micro-batched one counted once. */
  readonly evaluations: number;
  readonly seconds: number;
}

/**
 * Trains the delta vector (method, section 6): AdamW without weight decay, linear decay, clipped gradients, the best
 * checkpoint by validation score. The same seed gives the same run bit for bit, interrupted or not. Throws
 * InterruptedError, with the state saved, when the signal aborts.
 */
export async function* tune(
  problem: TuneProblem,
  options: TuneOptions,
  context: LoopContext = {},
): AsyncGenerator<TuneEvent, TuneResult> {
  const { examples } = problem;
  const { epochs, maxSteps, batchSize, evaluateEvery, clipNorm: maxNorm = 2, seed } = options;
  const { microBatch, headLearningRate } = options;
  const program = withMicroBatches(stoppable(problem.program, context.signal), microBatch);
  const cursor = createBatchCursor(examples, { batchSize, seed, stream: tuneStream });
  const { layout } = program;
  const learningRate = rateOfTraining(
    options,
    layout.modules.map(({ module }) => deltaOf(module)),
  );
  const steps = countSteps(cursor.batchesPerEpoch, epochs, maxSteps);
  const delta = problem.initialDelta.slice();
  const moments = createMoments(delta);

  async function step(index: number) {
    const batch = cursor.batch(index);
    const { loss, delta: gradient } = await program.lossAndGradients(batch, delta);
    checkFinite(loss + clipNorm(gradient, maxNorm), index);
    const rate = linearDecay(learningRate, index, steps);
    const head = headLearningRate && linearDecay(headLearningRate, index, steps);
    adamwStep(delta, gradient, moments, { learningRate: rate, step: index + 1, ...headRate(layout, head) });
    return { loss, learningRate: rate, tokens: countTokens(batch) };
  }

  const result = yield* runLoop(
    {
      steps,
      evaluateEvery,
      settings: {
        stage: 'tune',
        examples: examples.length,
        steps,
        learningRate,
        ...(headLearningRate !== undefined && layout.heads.length > 0 && { headLearningRate }),
        batchSize,
        microBatch: microBatch ?? 'by tokens',
        evaluateEvery,
        clipNorm: maxNorm,
        seed,
      },
      arrays: { delta, 'delta.m': moments.m, 'delta.v': moments.v },
      kept: ['delta'],
      step,
      evaluate: () => problem.evaluate(delta),
      ...(problem.validationLoss && { validationLoss: () => problem.validationLoss!(delta) }),
    },
    context,
  );
  const { best, steps: _, ...of } = result;
  return { delta: best.delta as Float32Array, ...of, steps, evaluations: steps };
}
