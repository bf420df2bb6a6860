import { z } from 'zod';
import { clipNorm, norm } from '../../core/arrays.ts';
import { flag, keyWithDefault, positiveInteger } from '../../core/checked-values.ts';
import { countTokens, type Layout, type ParameterLayout } from '../../core/program.ts';
import { checkBudget } from '../../structure/budget.ts';
import { runLoop } from '../../training/loop.ts';
import { createBatchCursor, withMicroBatches } from '../../training/step-batches.ts';
import { adamwStep, checkFinite, createMoments, headRate, stoppable } from '../../training/steps.ts';
import { shareOfOpen } from './bilevel/estimators.ts';
import { defineStrategy, type SearchProblem } from './strategy.ts';

const stream = 'search/gradient-norm';

/**
 * The cheapest look at the candidates: how large the loss's gradient is at each, before anything is trained or after a
 * warm-up of all of them. The mean of its square over batches is the diagonal of the empirical Fisher information,
 * summed over a module.
 */
export const gradientNorm = defineStrategy({
  name: 'gradient-norm',
  label: 'gradient norm',
  description: 'the modules with the largest gradients over some batches, at the start or after a warm-up',
  options: z.object({
    'score-batches': keyWithDefault(positiveInteger, 16, 'batches to take gradients on', { hint: 'N' }),
    'warm-up': keyWithDefault(
      z.coerce.number().int().nonnegative(),
      0,
      'steps that train all candidates before gradients are taken',
      { hint: 'N' },
    ),
    'per-parameter': keyWithDefault(flag, true, "compare modules by the mean square of their parameters' gradients", {
      off: 'compare modules by their whole gradients, which are larger where there are more parameters',
    }),
  }),
  varied: ['score-batches', 'warm-up'],

  cost(problem, options) {
    const { candidates, examples } = problem;
    const { steps } = lengthsOf(problem, options);
    // Held are w, the gradient and z ⊙ w, with a warm-up the moments, too.
    const held = { arrays: options['warm-up'] > 0 ? 5 : 3, curvature: false };
    return { modules: candidates, steps, validations: 0, batches: [{ examples, stream, evaluations: 1 }], ...held };
  },

  async *search(problem, options, compile, context) {
    const { candidates, budget, keepInert, examples, stage } = problem;
    checkBudget(candidates, { budget, keepInert });
    const { microBatch, seed, batchSize, evaluateEvery, learningRate, headLearningRate, clipNorm: maxNorm } = stage;
    const { program: compiled, initialDelta } = await compile(candidates);
    const program = withMicroBatches(stoppable(compiled, context.signal), microBatch);
    const cursor = createBatchCursor(examples, { batchSize, seed, stream });
    const { steps, warmUp } = lengthsOf(problem, options);
    const delta = initialDelta.slice();
    const moments = createMoments(delta);
    const heads = headRate(program.layout, headLearningRate);
    const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
    const rate = learningRate * shareOfOpen(all, budget);
    // Of each module's gradient, over the batches so far.
    const squares = new Float64Array(candidates.length);
    const worthAfter = (batches: number) =>
      squares.map((sum, i) => Math.sqrt(sum / batches / (options['per-parameter'] ? candidates[i]!.parameters : 1)));

    async function step(index: number) {
      const batch = cursor.batch(index);
      const { loss, delta: gradient } = await program.lossAndGradients(batch, delta);
      const tokens = countTokens(batch);
      if (index < warmUp) {
        checkFinite(loss + clipNorm(gradient, maxNorm), index);
        adamwStep(delta, gradient, moments, { learningRate: rate, step: index + 1, ...heads });
        return { loss, learningRate: rate, tokens };
      }
      const own = moduleSquares(program.layout, gradient);
      checkFinite(loss + own.reduce((sum, square) => sum + square, 0), index);
      for (const [i, square] of own.entries()) squares[i]! += square;
      // Nothing is trained.
      return { loss, learningRate: 0, tokens, worth: worthAfter(index + 1 - warmUp) };
    }

    const settings = {
      ...{ stage: 'search', strategy: 'gradient-norm', examples: examples.length, steps, batchSize, seed },
      microBatch: microBatch ?? 'by tokens',
      ...(warmUp > 0 && { warmUp, learningRate: rate, clipNorm: maxNorm }),
    };
    const trained = warmUp > 0 && { delta, 'delta.m': moments.m, 'delta.v': moments.v };
    const arrays = { squares, ...trained };
    const done = yield* runLoop({ steps, evaluateEvery, settings, arrays, kept: [], step }, context);
    const { seconds } = done;
    return { worth: worthAfter(steps - warmUp), steps, evaluations: steps, seconds, warnings: [] };
  },
});

/** A stage that is shorter ends the warm-up earlier, and takes gradients on one batch at least. */
function lengthsOf(
  { stage: { maxSteps = Number.POSITIVE_INFINITY } }: SearchProblem,
  { 'warm-up': warmUp, 'score-batches': batches }: z.output<(typeof gradientNorm)['options']>,
): { readonly steps: number; readonly warmUp: number } {
  const steps = Math.min(warmUp + batches, maxSteps);
  return { steps, warmUp: Math.min(warmUp, steps - 1) };
}

/** Squared norm of each module's part of a gradient. */
function moduleSquares({ modules }: Layout, gradient: Float32Array): Float64Array {
  const square = ({ offset, size }: ParameterLayout) => norm(gradient.subarray(offset, offset + size)) ** 2;
  return Float64Array.from(modules, ({ parameters }) => parameters.reduce((sum, each) => sum + square(each), 0));
}
