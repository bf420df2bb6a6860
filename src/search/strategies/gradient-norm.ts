import { z } from 'zod';
import { norm } from '../../core/arrays.ts';
import { flag, keyWithDefault, positiveInteger } from '../../core/key.ts';
import { countTokens, type Layout, type ParameterLayout } from '../../core/program.ts';
import { checkBudget } from '../../structure/fill-budget.ts';
import { createBatchCursor } from '../../training/batch-cursor.ts';
import { runLoop } from '../../training/loop.ts';
import { withMicroBatches } from '../../training/micro-batches.ts';
import { checkFinite, stoppable } from '../../training/steps.ts';
import { defineStrategy, type SearchProblem } from './strategy.ts';

const stream = 'search/gradient-norm';

/**
 * The cheapest look at the candidates: how large the loss's gradient is at each before anything is trained. The mean of
 * its square over batches is the diagonal of the empirical Fisher information, summed over a module.
 */
export const gradientNorm = defineStrategy({
  name: 'gradient-norm',
  label: 'gradient norm',
  description: 'the modules with the largest gradients at the start, over some batches',
  options: z.object({
    'score-batches': keyWithDefault(positiveInteger, 16, 'batches to take gradients on', { hint: 'N' }),
    'per-parameter': keyWithDefault(flag, true, "compare modules by the mean square of their parameters' gradients", {
      off: 'compare modules by their whole gradients, which are larger where there are more parameters',
    }),
  }),
  varied: ['score-batches'],

  cost(problem, options) {
    const { candidates, examples } = problem;
    const steps = stepsOf(problem, options['score-batches']);
    // Held are the initial values, the gradient and z ⊙ w.
    const held = { arrays: 3, curvature: false };
    return { modules: candidates, steps, validations: 0, batches: [{ examples, stream, evaluations: 1 }], ...held };
  },

  async *search(problem, options, compile, context) {
    const { candidates, budget, keepInert, examples, stage } = problem;
    checkBudget(candidates, { budget, keepInert });
    const { microBatch, seed, batchSize, evaluateEvery } = stage;
    const { program: compiled, initialDelta } = await compile(candidates);
    const program = withMicroBatches(stoppable(compiled, context.signal), microBatch);
    const cursor = createBatchCursor(examples, { batchSize, seed, stream });
    const steps = stepsOf(problem, options['score-batches']);
    // Of each module's gradient, over the batches so far.
    const squares = new Float64Array(candidates.length);
    const worthAfter = (batches: number) =>
      squares.map((sum, i) => Math.sqrt(sum / batches / (options['per-parameter'] ? candidates[i]!.parameters : 1)));

    async function step(index: number) {
      const batch = cursor.batch(index);
      const { loss, delta } = await program.lossAndGradients(batch, initialDelta);
      const own = moduleSquares(program.layout, delta);
      checkFinite(loss + own.reduce((sum, square) => sum + square, 0), index);
      for (const [i, square] of own.entries()) squares[i]! += square;
      // Nothing is trained.
      return { loss, learningRate: 0, tokens: countTokens(batch), worth: worthAfter(index + 1) };
    }

    const settings = {
      ...{ stage: 'search', strategy: 'gradient-norm', examples: examples.length, steps, batchSize, seed },
      microBatch: microBatch ?? 'by tokens',
    };
    const done = yield* runLoop({ steps, evaluateEvery, settings, arrays: { squares }, kept: [], step }, context);
    const { seconds } = done;
    return { worth: worthAfter(steps), steps, evaluations: steps, seconds, warnings: [] };
  },
});

function stepsOf({ stage: { maxSteps = Number.POSITIVE_INFINITY } }: SearchProblem, batches: number): number {
  return Math.min(batches, maxSteps);
}

/** Squared norm of each module's part of a gradient. */
function moduleSquares({ modules }: Layout, gradient: Float32Array): Float64Array {
  const square = ({ offset, size }: ParameterLayout) => norm(gradient.subarray(offset, offset + size)) ** 2;
  return Float64Array.from(modules, ({ parameters }) => parameters.reduce((sum, each) => sum + square(each), 0));
}
