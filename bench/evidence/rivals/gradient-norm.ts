import { z } from 'zod';
import { norm } from '../../../src/core/arrays.ts';
import { keyWithDefault } from '../../../src/core/checked-values.ts';
import { adamwStep, clipNorm, createMoments, defineStrategy, withMicroBatches } from '../../../src/research.ts';
import { shareOfOpen } from '../../../src/search/strategies/bilevel/estimators.ts';
import { createBatchCursor } from '../../../src/training/step-batches.ts';

/** Batches that gradients are taken on. */
const BATCHES = 16;

/**
 * The cheapest look at the candidates: the root mean square of the loss's gradient by the parameters of each, the
 * diagonal of the empirical Fisher information, before anything is trained or after a warm-up of all of them. A
 * strategy of the program once; it found less than chance.
 */
export const gradientNorm = defineStrategy({
  name: 'gradient-norm',
  label: 'gradient norm',
  description: 'the modules with the largest gradients over some batches, at the start or after a warm-up',
  options: z.object({
    'warm-up': keyWithDefault(z.coerce.number().int().nonnegative(), 0, 'steps that train all candidates before'),
  }),
  varied: [],
  cost: () => undefined,

  async *search({ candidates, budget, examples, stage }, { 'warm-up': warmUp }, compile) {
    const { program: compiled, initialDelta } = await compile(candidates);
    const program = withMicroBatches(compiled, stage.microBatch);
    const { batchSize, seed } = stage;
    const cursor = createBatchCursor(examples, { batchSize, seed, stream: 'search/gradient-norm' });
    const delta = initialDelta.slice();
    const moments = createMoments(delta);
    const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
    const learningRate = stage.learningRate * shareOfOpen(all, budget);
    const squares = new Float64Array(candidates.length);
    const began = performance.now();
    const steps = warmUp + BATCHES;
    for (let step = 0; step < steps; step++) {
      const { delta: gradient } = await program.lossAndGradients(cursor.batch(step), delta);
      if (step < warmUp) {
        clipNorm(gradient, stage.clipNorm);
        adamwStep(delta, gradient, moments, { learningRate, step: step + 1 });
        continue;
      }
      for (const [i, { parameters }] of program.layout.modules.entries()) {
        for (const { offset, size } of parameters) squares[i]! += norm(gradient.subarray(offset, offset + size)) ** 2;
      }
    }
    const worth = squares.map((sum, i) => Math.sqrt(sum / BATCHES / candidates[i]!.parameters));
    const seconds = (performance.now() - began) / 1000;
    return { worth, steps, evaluations: steps, seconds, warnings: [] };
  },
});
