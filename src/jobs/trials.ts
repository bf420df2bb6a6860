import { dirname, join } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { JobConfig } from '../config/job-config.ts';
import { InputError } from '../core/errors.ts';
import { readDelta } from '../library/delta-file.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { resolveSearch, searchProblem } from '../library/search-structure.ts';
import { resolveSpace } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { readResult } from '../runs/result.ts';
import { runFolder } from '../runs/run-folder.ts';
import { atBudget } from '../search/choose-structure.ts';
import { readGivenStructure } from '../structure/authors-structure.ts';
import { mapStructure } from '../structure/map-structure.ts';
import { type Attempt, methodNamed } from '../structure/method.ts';
import { createStructure, keptModules, type Structure, type StructureSource } from '../structure/structure-file.ts';
import { countEvaluations, type StageConfig, tuneCost } from '../training/stage.ts';

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

/**
 * The structure in a file that `train` was told to tune.
 * @param how.isMapped whether it is another model's, to be carried over to this one's places
 * @throws InputError where the file does not fit the model, or keeps nothing
 */
async function givenStructure(
  model: Model,
  file: string,
  { isMapped, keepInert }: { readonly isMapped: boolean; readonly keepInert: boolean },
  catalogue: Catalogue = builtIn,
): Promise<Structure> {
  const read = await readGivenStructure(file, model);
  const source = await sourceOf(file, read);
  const structure = {
    ...(isMapped ? carriedOver(read, model, keepInert, catalogue) : read),
    source,
  };
  keptModules(structure, model, file, catalogue);
  requireKept(structure, file);
  return structure;
}

/** @throws InputError where there is nothing to train */
export function requireKept({ modules }: Structure, file: string): void {
  if (modules.some(({ kept }) => kept)) return;
  throw new InputError('this structure keeps no module, so there is nothing to train', {
    code: 'nothing-kept',
    where: file,
    remedy: 'search again, with a larger --budget, or by `--objective l0` with a smaller --l0-weight',
  });
}

/** Another model's structure on this one, at the same share of the backbone. */
function carriedOver(structure: Structure, model: Model, keepInert: boolean, catalogue: Catalogue): Structure {
  const mapped = mapStructure(structure, model, catalogue);
  return mapped.budget === null ? mapped : atBudget(mapped, mapped.budget, keepInert);
}

/** Where a structure file comes from: what it says itself, else the task of the run whose folder it lies in. */
export async function sourceOf(file: string, structure: Structure): Promise<StructureSource> {
  if (structure.source !== undefined) return structure.source;
  const result = await readResult(join(dirname(file), 'result.json'));
  return { tasks: result === undefined ? [] : [result.task], files: [file] };
}
