import { countTokens, type EncodedExample, headsOf, type Trainable } from '../../../core/program.ts';
import { fillUniform } from '../../../core/random.ts';
import type { DeltaModule } from '../../../core/site.ts';
import { checkBudget } from '../../../structure/budget.ts';
import { type EvaluationEvent, type LoopContext, runLoop } from '../../../training/loop.ts';
import type { StageConfig } from '../../../training/stage.ts';
import { type BatchCursor, createBatchCursor, withMicroBatches } from '../../../training/step-batches.ts';
import { countSteps, createMoments, linearDecay, stoppable } from '../../../training/steps.ts';
import { chooseStructure, watchStability } from '../../choose-structure.ts';
import { nothingSearched } from '../fitting.ts';
import type { SearchResult, SearchStepEvent } from '../strategy.ts';
import { type BiLevelState, biLevelStep } from './bilevel-step.ts';
import { type EstimatorName, estimators, type GateEstimator, type L0Options, openRateShare } from './estimators.ts';
import { type BiLevelOrder, stepBatches } from './step-orders.ts';

/** What the bi-level search is run on: a program over the candidates, data, rates and temperatures. */
export interface BiLevelSearchProblem {
  /** Its layout lists the candidates. */
  readonly program: Trainable;
  /** D_δ, which trains the modules' parameters. */
  readonly deltaExamples: readonly EncodedExample[];
  /** D_α, which trains α. */
  readonly alphaExamples: readonly EncodedExample[];
  readonly initialDelta: Float32Array;
  /**
   * Validation score with the gates of evaluation; higher is better. The arrays must not be kept: they change in place.
   */
  evaluate(delta: Float32Array, gates: Float32Array): Promise<number>;
  /** Mean loss of the same examples: where it is given, the best evaluation is that of the least loss. */
  validationLoss?(delta: Float32Array, gates: Float32Array): Promise<number>;
}

export interface BiLevelSearchOptions extends StageConfig {
  /** Parameters to spend, B. */
  readonly budget: number;
  readonly keepInert: boolean;
  readonly order: BiLevelOrder;
  /** How α becomes gates. */
  readonly estimator: EstimatorName;
  readonly gradient: 'global' | 'local';
  readonly tau: number;
  readonly beta: number;
  /** Of the hard concrete estimator alone. */
  readonly l0?: L0Options;
  readonly alphaLearningRate: number;
  /** Sum of α's rates over the steps; in place of `alphaLearningRate`, whatever the number of steps. */
  readonly alphaTravel?: number;
  /** α at the beginning, one number a candidate (default: 0). */
  readonly initialAlpha?: Float64Array;
  /**
   * Whether `learningRate` is what suits a structure of the budget's size, to be lowered while more than that is open
   * (`openRateShare`). By default it is taken as it is.
   */
  readonly rateByOpenGates?: boolean;
  /**
   * Ends the search once its structure has been about the same (`watchStability`) at so many evaluations in a row after
   * the one that found it.
   */
  readonly patience?: number;
}

export interface BiLevelStepEvent extends SearchStepEvent {
  /** L_α, in nats a target token; `loss` is L_δ at the new α. */
  readonly alphaLoss: number;
  readonly probabilities: Float64Array;
}

/** Arrays have one element a candidate, in the order of the program's layout. */
export interface BiLevelSearchResult extends SearchResult {
  /** α at the best evaluation. */
  readonly worth: Float64Array;
  /** Of each candidate to be kept, at the best evaluation; 0 where its gate has closed. */
  readonly probabilities: Float64Array;
  /** Whose gates have closed. */
  readonly closed: readonly boolean[];
  readonly bestStep: number;
}

function createEstimator(modules: readonly DeltaModule[], options: BiLevelSearchOptions): GateEstimator {
  const { budget, gradient, tau, beta, l0, seed } = options;
  const counts = modules.map(({ parameters }) => parameters);
  const uniforms = (step: number) => fillUniform(new Float64Array(counts.length), seed, 'search/gates', step);
  return estimators[options.estimator]({ counts, budget, gradient, tau, beta, ...(l0 && { l0 }), uniforms });
}

/** What there is to say where everything fits and nothing is to be searched; undefined where something is. */
export function settledResult(
  modules: readonly DeltaModule[],
  options: BiLevelSearchOptions,
): BiLevelSearchResult | undefined {
  if (!createEstimator(modules, options).settled) return undefined;
  return nothingSearched(modules, options);
}

/**
 * Searches a structure (method, sections 4 and 5): α and the modules' parameters are trained together, the validation
 * score is taken with the gates of evaluation, and the structure comes from the best evaluation. The same seed gives
 * the same search bit for bit, interrupted or not.
 *
 * Throws InputError for a budget that no candidate fits, InterruptedError, with the state saved, when the signal
 * aborts.
 */
export async function* biLevelSearch(
  problem: BiLevelSearchProblem,
  options: BiLevelSearchOptions,
  context: LoopContext = {},
): AsyncGenerator<BiLevelStepEvent | EvaluationEvent, BiLevelSearchResult> {
  const { order, gradient, tau, beta, l0, learningRate, alphaTravel, epochs, maxSteps } = options;
  const { budget, batchSize, microBatch, evaluateEvery, patience, clipNorm, seed, keepInert, rateByOpenGates } =
    options;
  const { headLearningRate } = options;
  const modules = problem.program.layout.modules.map(({ module }) => module);
  checkBudget(modules, { budget, keepInert });
  const settled = settledResult(modules, options);
  if (settled !== undefined) return settled;

  const estimator = createEstimator(modules, options);
  const program = withMicroBatches(stoppable(problem.program, context.signal), microBatch);
  const halves = { delta: problem.deltaExamples, alpha: problem.alphaExamples };
  const [deltaCursor, alphaCursor] = stepBatches(halves, order).map(({ examples, stream }) =>
    createBatchCursor(examples, { batchSize, seed, stream }),
  ) as [BatchCursor, BatchCursor];
  const steps = countSteps(deltaCursor.batchesPerEpoch, epochs, maxSteps);
  // A rate that falls to 0 over n steps adds up to (n + 1)/2 of its first.
  const alphaLearningRate = alphaTravel === undefined ? options.alphaLearningRate : (2 * alphaTravel) / (steps + 1);
  const delta = problem.initialDelta.slice();
  const alpha = options.initialAlpha?.slice() ?? new Float64Array(modules.length);
  const state: BiLevelState = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
  // In arrays, so that they are saved with the rest of the state.
  const evaluations = new Float64Array(1);
  const counts = modules.map(({ parameters }) => parameters);
  const stability = watchStability(counts);
  const closedAt = (at: Float64Array) => Array.from(estimator.evaluationGates(at), gate => gate === 0);
  const structureAt = (at: Float64Array) => chooseStructure(at, modules, { budget, keepInert, closed: closedAt(at) });

  const openGates = () => Float32Array.from(estimator.evaluationGates(alpha));

  async function step(index: number) {
    const deltaBatch = deltaCursor.batch(index);
    const alphaBatch = alphaCursor.batch(index);
    const share = rateByOpenGates ? openRateShare(estimator, alpha, { counts, budget }) : 1;
    const rate = linearDecay(learningRate, index, steps) * share;
    const report = await biLevelStep(state, deltaBatch, alphaBatch, {
      program,
      estimator,
      order,
      learningRate: rate,
      // However many gates are open, the head is one.
      headLearningRate: headLearningRate && linearDecay(headLearningRate, index, steps),
      alphaLearningRate: linearDecay(alphaLearningRate, index, steps),
      clipNorm,
      step: index,
    });
    evaluations[0]! += report.evaluations;
    const tokens = countTokens(deltaBatch) + countTokens(alphaBatch);
    const { loss, alphaLoss } = report;
    return { loss, alphaLoss, learningRate: rate, tokens, probabilities: estimator.probabilities(alpha) };
  }

  const result = yield* runLoop(
    {
      steps,
      evaluateEvery,
      settings: {
        stage: 'search',
        deltaExamples: problem.deltaExamples.length,
        alphaExamples: problem.alphaExamples.length,
        steps,
        budget,
        order,
        estimator: options.estimator,
        gradient,
        tau,
        beta,
        ...(l0 && { l0Weight: l0.weight, stretch: l0.stretch.join() }),
        learningRate,
        ...(headLearningRate !== undefined && program.layout.heads.length > 0 && { headLearningRate }),
        ...(rateByOpenGates && { rateByOpenGates }),
        alphaLearningRate,
        batchSize,
        microBatch: microBatch ?? 'by tokens',
        evaluateEvery,
        ...(patience !== undefined && { patience }),
        ...(problem.validationLoss && { judge: 'loss' }),
        ...(options.initialAlpha && { initialAlpha: options.initialAlpha.join() }),
        clipNorm,
        seed,
        keepInert,
      },
      arrays: {
        delta,
        'delta.m': state.deltaMoments.m,
        'delta.v': state.deltaMoments.v,
        alpha,
        'alpha.m': state.alphaMoments.m,
        'alpha.v': state.alphaMoments.v,
        evaluations,
        ...stability.arrays,
      },
      kept: ['alpha'],
      step,
      async evaluate() {
        const score = await problem.evaluate(delta, openGates());
        stability.see(structureAt(alpha));
        return score;
      },
      ...(problem.validationLoss && {
        validationLoss: () => problem.validationLoss!(delta, openGates()),
        judgedByLoss: true,
      }),
      finished: () => patience !== undefined && stability.evaluations() >= patience,
    },
    context,
  );
  const best = result.best.alpha as Float64Array;
  const closed = closedAt(best);
  return {
    worth: best,
    probabilities: estimator.probabilities(best).map((p, i) => (closed[i] ? 0 : p)),
    closed,
    heads: headsOf(program.layout, delta),
    bestStep: result.bestStep,
    score: result.score,
    steps: result.steps,
    evaluations: evaluations[0]!,
    seconds: result.seconds,
    warnings: [
      ...(result.steps < steps
        ? [
            `The structure has hardly changed over ${patience} validations: the search ended at step ` +
              `${result.steps} of ${steps}.`,
          ]
        : []),
      ...(structureAt(best).includes(true)
        ? []
        : ['Every gate has closed: nothing is kept. A lighter penalty keeps more.']),
    ],
  };
}
