import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import { prepareSearch } from '../library/search-structure.ts';
import { openSpace } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { type Attempt, methodNamed } from '../structure/method.ts';
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

/**
 * What `train` was told to tune: a structure file's modules, or the attempts that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(prepared: Prepared): Promise<Trial[]> {
  const { settings, model, catalogue } = prepared;
  const { structure: file } = settings;
  if (file !== undefined) {
    return [{ structure: await givenStructure({ ...settings, structure: file }, model, catalogue), settings }];
  }
  return methodTrials(settings, model, () => equalCostTrials(prepared), catalogue);
}

/**
 * The attempts of the settings' method.
 * @param affordable how many trainings cost as much as a search and a training
 * @throws InputError where the model has no site for it, or the budget holds no module
 */
export function methodTrials(
  settings: ResolvedSettings,
  model: Model,
  affordable: () => number,
  catalogue: Catalogue = builtIn,
): Trial[] {
  const name = settings.method!;
  const method = methodNamed(name, catalogue.methods);
  const space = () => openSpace(model, settings, catalogue);
  const origin = {
    space: method.fromSpace === true ? settings.space : name,
    budget: method.budgeted ? space().budget : null,
  };
  const { seed, 'keep-inert': keepInert } = settings;
  const { sites } = model;
  const attempts = method.attempts({ sites, deltas: catalogue.deltas, seed, keepInert, space, affordable });
  return attempts.map(({ modules, kept = modules.map(() => true), ...attempt }) => ({
    ...trialSettings(attempt, settings),
    structure: createStructure(model, origin, modules, { kept }),
  }));
}

function trialSettings({ name, rate }: Pick<Attempt, 'name' | 'rate'>, settings: ResolvedSettings) {
  if (rate === undefined) return { ...(name !== undefined && { name }), settings };
  const lr = Number((settings.lr * rate).toPrecision(6));
  return { name: name ?? `lr-${lr}`, settings: { ...settings, lr } };
}

/** Trainings that take as many loss-and-gradient evaluations as a search and a training, to the nearest number. */
function equalCostTrials({ model, data, settings, catalogue }: Prepared): number {
  const { strategy, options, problem } = prepareSearch(model, data, settings, catalogue);
  const tuned = countEvaluations(tuneCost([], data.train, problem.tuning));
  return 1 + Math.round(countEvaluations(strategy.cost(problem, options)) / tuned);
}
