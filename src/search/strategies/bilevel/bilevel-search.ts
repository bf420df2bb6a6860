import type { DeltaModule } from '../../../core/delta-module.ts';
import type { EncodedExample, Trainable } from '../../../core/program.ts';
import { fillUniform } from '../../../core/random.ts';
import { checkBudget } from '../../../structure/fill-budget.ts';
import { createMoments } from '../../../training/adamw.ts';
import { countTokens, createBatchCursor } from '../../../training/batch-cursor.ts';
import { type EvaluationEvent, type LoopContext, runLoop, type StepProgress } from '../../../training/loop.ts';
import { withMicroBatches } from '../../../training/micro-batches.ts';
import { countSteps, linearDecay } from '../../../training/steps.ts';
import { stoppable } from '../../../training/stoppable.ts';
import { chooseStructure } from '../../choose-structure.ts';
import { type BiLevelState, biLevelStep } from './bilevel-step.ts';
import type { L0Options } from './estimator.ts';
import { type EstimatorName, estimators } from './estimators/estimators.ts';
import type { BiLevelOrder } from './mixed-derivative.ts';
import { watchStability } from './stability.ts';

export interface SearchProblem {
  /** Its layout lists the candidates. */
  readonly program: Trainable;
  /** D_δ, which trains the modules' parameters. */
  readonly deltaExamples: readonly EncodedExample[];
  /** D_α, which trains α. */
  readonly alphaExamples: readonly EncodedExample[];
  readonly initialDelta: Float32Array;
  /** Validation score with the gates of evaluation; higher is better. The arrays must not be kept: they change in place. */
  evaluate(delta: Float32Array, gates: Float32Array): Promise<number>;
}

export interface SearchOptions {
  /** Parameters to spend, B. */
  readonly budget: number;
  readonly order: BiLevelOrder;
  /** How α becomes gates. */
  readonly estimator: EstimatorName;
  readonly gradient: 'global' | 'local';
  readonly tau: number;
  readonly beta: number;
  /** Of the hard concrete estimator alone. */
  readonly l0?: L0Options;
  /** Of the modules' parameters. */
  readonly learningRate: number;
  readonly alphaLearningRate: number;
  /** Passes over D_δ; D_α is cycled beside it. */
  readonly epochs: number;
  /** Ends the run before its epochs do; both learning rates then decay over this many steps. */
  readonly maxSteps?: number;
  readonly batchSize: number;
  readonly evaluateEvery: number;
  /** Ends the search once its structure has been about the same (`stability.ts`) at so many evaluations in a row after the one that found it. */
  readonly patience?: number;
  readonly clipNorm: number;
  readonly seed: number;
  readonly keepInert: boolean;
  /** Most examples in one run of the program (default: by its `tokensPerRun`); gradients are accumulated over the batch. */
  readonly microBatch?: number;
}

export interface SearchStepEvent extends StepProgress {
  /** L_δ at the new α, in nats a target token. */
  readonly loss: number;
  /** L_α, in nats a target token. */
  readonly alphaLoss: number;
  readonly learningRate: number;
  /** Source and target tokens of both batches, without padding. */
  readonly tokens: number;
  /** Of each candidate to be kept, after the step. */
  readonly probabilities: Float64Array;
}

export type SearchEvent = SearchStepEvent | EvaluationEvent;

/** Arrays have one element a candidate, in the order of the program's layout. */
export interface SearchResult {
  /** α at the best evaluation: the larger, the sooner kept. */
  readonly worth: Float64Array;
  /** Probability of each candidate to be kept, at the best evaluation; 0 where its gate has closed. */
  readonly probabilities: Float64Array;
  /** Whose gates have closed. */
  readonly closed: readonly boolean[];
  readonly kept: readonly boolean[];
  readonly bestStep: number;
  readonly score: number;
  /** Steps done. */
  readonly steps: number;
  /** Loss-and-gradient evaluations, a micro-batched one counted once. */
  readonly evaluations: number;
  readonly seconds: number;
  /** What a person should know about the result, in sentences. */
  readonly warnings: readonly string[];
}

/** Nothing is to be searched where everything fits: p = 1, and no step is made. */
async function keepEverything(
  problem: SearchProblem,
  modules: readonly DeltaModule[],
  { budget, keepInert }: SearchOptions,
): Promise<SearchResult> {
  const started = performance.now();
  const score = await problem.evaluate(problem.initialDelta, new Float32Array(modules.length).fill(1));
  const alpha = new Float64Array(modules.length);
  return {
    worth: alpha,
    probabilities: alpha.slice().fill(1),
    closed: modules.map(() => false),
    kept: chooseStructure(alpha, modules, { budget, keepInert }),
    bestStep: 0,
    score,
    steps: 0,
    evaluations: 0,
    seconds: (performance.now() - started) / 1000,
    warnings: [
      `The budget of ${budget} parameters holds all candidates: every one${keepInert ? '' : ' that can change the output'} is kept, nothing was searched.`,
    ],
  };
}

/**
 * Searches a structure (method, sections 4 and 5): α and the modules' parameters are trained together, the validation
 * score is taken with the gates of evaluation, and the structure comes from the best evaluation. The same seed gives the
 * same search bit for bit, interrupted or not.
 *
 * Throws InputError for a budget that no candidate fits, InterruptedError, with the state saved, when the signal aborts.
 */
export async function* search(
  problem: SearchProblem,
  options: SearchOptions,
  context: LoopContext = {},
): AsyncGenerator<SearchEvent, SearchResult> {
  const { order, gradient, tau, beta, l0, learningRate, alphaLearningRate, epochs, maxSteps } = options;
  const { budget, batchSize, microBatch, evaluateEvery, patience, clipNorm, seed, keepInert } = options;
  const modules = problem.program.layout.modules.map(({ module }) => module);
  const counts = modules.map(({ parameters }) => parameters);
  checkBudget(modules, { budget, keepInert });
  const uniforms = (step: number) => fillUniform(new Float64Array(counts.length), seed, 'search/gates', step);
  const relaxation = { gradient, tau, beta, ...(l0 && { l0 }) };
  const estimator = estimators[options.estimator]({ counts, budget, ...relaxation, uniforms });
  if (estimator.settled) return keepEverything(problem, modules, options);

  const program = withMicroBatches(stoppable(problem.program, context.signal), microBatch);
  const deltaCursor = createBatchCursor(problem.deltaExamples, { batchSize, seed, stream: 'search/delta' });
  const alphaCursor = createBatchCursor(problem.alphaExamples, { batchSize, seed, stream: 'search/alpha' });
  const steps = countSteps(deltaCursor.batchesPerEpoch, epochs, maxSteps);
  const delta = problem.initialDelta.slice();
  const alpha = new Float64Array(modules.length);
  const state: BiLevelState = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
  // In arrays, so that they are saved with the rest of the state.
  const evaluations = new Float64Array(1);
  const stability = watchStability(counts);
  const closedAt = (at: Float64Array) => Array.from(estimator.evaluationGates(at), gate => gate === 0);
  const structureAt = (at: Float64Array) => chooseStructure(at, modules, { budget, keepInert, closed: closedAt(at) });

  async function step(index: number) {
    const deltaBatch = deltaCursor.batch(index);
    const alphaBatch = alphaCursor.batch(index);
    const rate = linearDecay(learningRate, index, steps);
    const report = await biLevelStep(state, deltaBatch, alphaBatch, {
      program,
      estimator,
      order,
      learningRate: rate,
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
        alphaLearningRate,
        batchSize,
        microBatch: microBatch ?? 'by tokens',
        evaluateEvery,
        ...(patience !== undefined && { patience }),
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
        const score = await problem.evaluate(delta, Float32Array.from(estimator.evaluationGates(alpha)));
        stability.see(structureAt(alpha));
        return score;
      },
      finished: () => patience !== undefined && stability.evaluations() >= patience,
    },
    context,
  );
  const best = result.best.alpha as Float64Array;
  const kept = structureAt(best);
  const closed = closedAt(best);
  return {
    worth: best,
    probabilities: estimator.probabilities(best).map((p, i) => (closed[i] ? 0 : p)),
    closed,
    kept,
    bestStep: result.bestStep,
    score: result.score,
    steps: result.steps,
    evaluations: evaluations[0]!,
    seconds: result.seconds,
    warnings: [
      ...(result.steps < steps
        ? [
            `The structure has hardly changed over ${patience} validations: the search ended at step ${result.steps} of ${steps}.`,
          ]
        : []),
      ...(kept.includes(true) ? [] : ['Every gate has closed: nothing is kept. A lighter penalty keeps more.']),
    ],
  };
}
