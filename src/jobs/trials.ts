import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { jobSizes } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { resolveSearch, searchProblem } from '../library/resolve-search.ts';
import { resolveSpace } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { type Attempt, methodNamed } from '../structure/method.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import type { StageConfig } from '../training/stage.ts';
import { countEvaluations, tuneCost } from '../training/stage-cost.ts';
import { givenStructure } from './given-structure.ts';

/** A structure to tune, and the sizes and rates for it. Of several trials that of the least validation loss is kept. */
export interface Trial {
  /** Short and unique among the trials, fit for a file name; absent where there is only one. */
  readonly name?: string;
  readonly structure: Structure;
  readonly tuning: StageConfig;
}

type TrainingSet = Pick<EncodedTask, 'train'>;

/**
 * What `train` was told to tune: a structure file's modules, or the trials that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(
  model: Model,
  data: TrainingSet,
  settings: ResolvedSettings,
  catalogue: Catalogue = builtIn,
): Promise<Trial[]> {
  const { structure: file } = settings;
  if (file === undefined) {
    return methodTrials(model, settings, () => equalCostTrials(model, data, settings, catalogue), catalogue);
  }
  const structure = await givenStructure(model, { ...settings, structure: file }, catalogue);
  return [{ structure, tuning: jobSizes(settings).tuning }];
}

/**
 * The trials of the settings' method.
 * @param affordable how many tunings cost as much as a search and a tuning
 * @throws InputError where the model has no site for it, or the budget holds no module
 */
export function methodTrials(
  model: Model,
  settings: ResolvedSettings,
  affordable: () => number,
  catalogue: Catalogue = builtIn,
): Trial[] {
  const name = settings.method!;
  const method = methodNamed(name, catalogue.methods);
  const space = () => resolveSpace(model, settings, catalogue);
  const origin = {
    space: method.fromSpace === true ? settings.space : name,
    budget: method.budgeted ? space().budget : null,
  };
  const { seed, 'keep-inert': keepInert } = settings;
  const { tuning } = jobSizes(settings);
  const { sites } = model;
  const attempts = method.attempts({ sites, deltas: catalogue.deltas, seed, keepInert, space, affordable });
  // Of several the one with the least validation loss is taken.
  const judged = attempts.length > 1 ? { ...tuning, validationLoss: true } : tuning;
  return attempts.map(({ modules, kept = modules.map(() => true), ...attempt }) => ({
    ...trialTuning(attempt, judged),
    structure: createStructure(model, origin, modules, { kept }),
  }));
}

function trialTuning({ name, rate }: Pick<Attempt, 'name' | 'rate'>, tuning: StageConfig): Omit<Trial, 'structure'> {
  if (rate === undefined) return { ...(name !== undefined && { name }), tuning };
  const learningRate = Number((tuning.learningRate * rate).toPrecision(6));
  return { name: name ?? `lr-${learningRate}`, tuning: { ...tuning, learningRate } };
}

/** Tunings that take as many loss-and-gradient evaluations as a search and a tuning, to the nearest number. */
function equalCostTrials(
  model: Model,
  { train }: TrainingSet,
  settings: ResolvedSettings,
  catalogue: Catalogue,
): number {
  const search = resolveSearch(model, settings, catalogue);
  const { strategy, options, tuning } = search;
  const tuned = countEvaluations(tuneCost([], train, tuning));
  return 1 + Math.round(countEvaluations(strategy.cost(searchProblem(search, train), options)) / tuned);
}
