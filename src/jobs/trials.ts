import { jobSizes } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { type ResolvedSearch, resolveSearch, searchProblem } from '../library/resolve-search.ts';
import { drawFrom, type ResolvedSpace, resolveSpace } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { evenLora } from '../structure/even-lora.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import type { StageConfig } from '../training/stage.ts';
import { countEvaluations, tuneCost } from '../training/stage-cost.ts';
import { givenStructure } from './given-structure.ts';

/** A structure to tune, and the sizes and rates for it. Of several trials the best on validation is kept. */
export interface Trial {
  /** Short and unique among the trials, fit for a file name; absent where there is only one. */
  readonly name?: string;
  readonly structure: Structure;
  readonly tuning: StageConfig;
}

type TrainingSet = Pick<EncodedTask, 'train'>;

/** Methods that choose among several trials. Every other makes one. */
const methodsOfTrials: Readonly<
  Record<string, (model: Model, data: TrainingSet, settings: ResolvedSettings) => Trial[]>
> = {
  'tuned-lora': (model, _, settings) => evenLoraTrials(model, resolveSpace(model, settings), jobSizes(settings).tuning),
  'best-of-random': (model, data, settings) => bestOfRandomTrials(model, data, resolveSearch(model, settings)),
};

/**
 * What `train` was told to tune, in the trials that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(model: Model, data: TrainingSet, settings: ResolvedSettings): Promise<Trial[]> {
  const many = methodsOfTrials[settings.method ?? ''];
  if (many !== undefined) return many(model, data, settings);
  return [{ structure: await givenStructure(model, settings), tuning: jobSizes(settings).tuning }];
}

/**
 * The second honest rival of a search: spend what search and tuning cost on tunings of random structures, and take the
 * best on D_val. The first of them is the one that the method `random` draws with the same seed.
 */
function bestOfRandomTrials(model: Model, data: TrainingSet, search: ResolvedSearch): Trial[] {
  const { space, tuning } = search;
  return Array.from({ length: equalCostTrials(data, search) }, (_, draw) => ({
    name: `draw-${draw}`,
    structure: drawFrom(model, space, tuning.seed, draw),
    tuning,
  }));
}

/** Tunings that take as many loss-and-gradient evaluations as a search and a tuning, to the nearest number. */
function equalCostTrials({ train }: TrainingSet, search: ResolvedSearch): number {
  const { strategy, options, tuning } = search;
  const tuned = countEvaluations(tuneCost([], train, tuning));
  return 1 + Math.round(countEvaluations(strategy.cost(searchProblem(search, train), options)) / tuned);
}

/** Learning rates to try, as multiples of the setting's: those of the paper's grid (a tenth to ten times) and between. */
const rateFactors = [0.1, 0.3, 1, 3, 10];

/** The first honest rival of a search: no search, LoRA as even as the budget allows, its learning rate chosen on D_val. */
function evenLoraTrials(model: Model, { budget }: ResolvedSpace, tuning: StageConfig): Trial[] {
  const modules = evenLora(model.sites, budget);
  const structure = createStructure(model, { space: 'tuned-lora', budget }, modules, { kept: modules.map(() => true) });
  return rateFactors.map(factor => {
    const learningRate = Number((tuning.learningRate * factor).toPrecision(6));
    return { name: `lr-${learningRate}`, structure, tuning: { ...tuning, learningRate } };
  });
}
