import type { ResolvedSettings } from '../config/resolve.ts';
import { prepareSearch } from '../library/search-structure.ts';
import { drawStructure, openSpace } from '../library/structures.ts';
import { evenLora } from '../structure/even-lora.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import { countEvaluations, tuneCost } from '../training/stage-cost.ts';
import { givenStructure } from './given-structure.ts';
import type { Prepared } from './prepare.ts';

/** One attempt of a training: a structure, and the settings it is tuned with. The best on validation is kept. */
export interface Trial {
  /** Short and unique among the trials, fit for a file name; absent where there is only one. */
  readonly name?: string;
  readonly structure: Structure;
  readonly settings: ResolvedSettings;
}

/** Methods that choose among several attempts. Every other makes one. */
const methodsOfTrials: Readonly<Record<string, (prepared: Prepared) => Trial[]>> = {
  'tuned-lora': evenLoraTrials,
  'best-of-random': bestOfRandomTrials,
};

/**
 * What `train` was told to tune, in the attempts that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(prepared: Prepared): Promise<Trial[]> {
  const { settings, model } = prepared;
  const many = methodsOfTrials[settings.method ?? ''];
  return many === undefined ? [{ structure: await givenStructure(settings, model), settings }] : many(prepared);
}

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

/** Trainings that take as many loss-and-gradient evaluations as a search and a training, to the nearest number. */
function equalCostTrials({ model, data, settings }: Prepared): number {
  const { strategy, options, problem } = prepareSearch(model, data, settings);
  const tuned = countEvaluations(tuneCost([], data.train, problem.tuning));
  return 1 + Math.round(countEvaluations(strategy.cost(problem, options)) / tuned);
}

/** Learning rates to try, as multiples of the setting's: those of the paper's grid (a tenth to ten times) and between. */
const rateFactors = [0.1, 0.3, 1, 3, 10];

/**
 * The first honest rival of a search: no search, LoRA as even as the budget allows, its learning rate chosen on D_val.
 * @throws InputError where the budget holds no module
 */
export function evenLoraTrials({ model, settings }: Prepared): Trial[] {
  const { budget } = openSpace(model, settings);
  const modules = evenLora(model.sites, budget);
  const structure = createStructure(model, { space: 'tuned-lora', budget }, modules, { kept: modules.map(() => true) });
  return rateFactors.map(factor => {
    const lr = Number((settings.lr * factor).toPrecision(6));
    return { name: `lr-${lr}`, structure, settings: { ...settings, lr } };
  });
}
