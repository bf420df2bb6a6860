import { dirname } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { JobConfig } from '../config/job-config.ts';
import { readDelta } from '../library/delta-file.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { resolveSearch, searchProblem } from '../library/resolve-search.ts';
import { resolveSpace } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { runFolder } from '../runs/run-folder.ts';
import { type Attempt, methodNamed } from '../structure/method.ts';
import { createStructure, keptModules, type Structure } from '../structure/structure-file.ts';
import { countEvaluations, type StageConfig, tuneCost } from '../training/stage.ts';
import { givenStructure } from './given-structure.ts';

/** A structure to tune, and the sizes and rates for it. Of several trials that of the least validation loss is kept. */
export interface Trial {
  /** Short and unique among the trials, fit for a file name; absent where there is only one. */
  readonly name?: string;
  readonly structure: Structure;
  readonly tuning: StageConfig;
  /** Where its parameters begin (default: where a fresh start by the seed puts them). */
  readonly initialDelta?: Float32Array;
}

type TrainingSet = Pick<EncodedTask, 'train'>;

/**
 * What `train` was told to tune: a structure file's modules, or the trials that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(
  model: Model,
  data: TrainingSet,
  config: JobConfig,
  catalogue: Catalogue = builtIn,
): Promise<Trial[]> {
  const { method, structure: file, map, 'warm-start': warmStart } = config.given;
  if (file === undefined) {
    const affordable = () => equalCostTrials(model, data, config, catalogue);
    return methodTrials(model, method!, config, affordable, catalogue);
  }
  const keepInert = config.space['keep-inert'];
  const structure = await givenStructure(model, file, { isMapped: map !== undefined, keepInert }, catalogue);
  const trial = { structure, tuning: config.tuning };
  if (warmStart !== true) return [trial];
  const layout = model.layout(keptModules(structure, model, file, catalogue));
  return [{ ...trial, initialDelta: await readDelta(runFolder(dirname(file)).delta, model, layout) }];
}

/**
 * The trials of a manual method.
 * @param affordable how many tunings cost as much as a search and a tuning
 * @throws InputError where the model has no site for it, or the budget holds no module
 */
function methodTrials(
  model: Model,
  name: string,
  { space: asked, tuning }: Pick<JobConfig, 'space' | 'tuning'>,
  affordable: () => number,
  catalogue: Catalogue = builtIn,
): Trial[] {
  const method = methodNamed(name, catalogue.methods);
  const space = () => resolveSpace(model, asked, catalogue);
  const origin = {
    space: method.fromSpace === true ? asked.space : name,
    budget: method.budgeted ? space().budget : null,
  };
  const { seed } = tuning;
  const keepInert = asked['keep-inert'];
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
function equalCostTrials(model: Model, { train }: TrainingSet, config: JobConfig, catalogue: Catalogue): number {
  const search = resolveSearch(model, config, catalogue);
  const { strategy, options, tuning } = search;
  const tuned = countEvaluations(tuneCost([], train, tuning));
  return 1 + Math.round(countEvaluations(strategy.cost(searchProblem(search, train), options)) / tuned);
}
