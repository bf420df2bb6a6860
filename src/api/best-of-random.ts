import { batchesPerEpoch } from '../data/batches.ts';
import { stepEvaluations } from '../search/mixed-derivative.ts';
import { countSteps } from '../training/steps.ts';
import { splitHalves } from './halves.ts';
import type { Prepared } from './prepare.ts';
import { drawStructure } from './structures.ts';
import type { Trial } from './trials.ts';

/**
 * The second honest rival of a search: spend what search and re-training cost on re-trainings of random structures, and
 * take the best on D_val. The first of them is the one that the method `random` draws with the same seed.
 * @throws InputError where the budget holds no module
 */
export function bestOfRandomTrials(prepared: Prepared): Trial[] {
  const { model, settings } = prepared;
  return Array.from({ length: equalCostTrials(prepared) }, (_, draw) => ({
    name: `draw-${draw}`,
    structure: drawStructure(model, settings, draw),
    settings,
  }));
}

/** Re-trainings that take as many loss-and-gradient evaluations as a search and a re-training, to the nearest number. */
export function equalCostTrials({ data, settings }: Pick<Prepared, 'data' | 'settings'>): number {
  const { order, epochs, 'retrain-epochs': retrainEpochs, 'max-steps': maxSteps, 'batch-size': batchSize } = settings;
  const steps = (examples: number, passes: number) =>
    countSteps(batchesPerEpoch(examples, batchSize), passes, maxSteps);
  const searched = steps(splitHalves(data.train, settings.seed).delta.length, epochs);
  const retrained = steps(data.train.length, retrainEpochs);
  const { delta, alpha } = stepEvaluations[order];
  return 1 + Math.round((searched * (delta + alpha)) / retrained);
}
