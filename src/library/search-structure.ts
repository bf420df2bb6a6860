import { builtIn, type Catalogue, type WithCatalogue } from '../catalogue/catalogue.ts';
import { type JobConfig, resolveConfig, type StageSettings } from '../config/job-config.ts';
import { evenlyChosen } from '../core/arrays.ts';
import { throwIfInterrupted } from '../core/errors.ts';
import type { EncodedExample, Program } from '../core/program.ts';
import { headSize } from '../deltas/layout.ts';
import type { Model } from '../models/model.ts';
import { chooseStructure } from '../search/choose-structure.ts';
import { defaultStrategy } from '../search/strategies/strategies.ts';
import type { Compile, SearchEvent, SearchProblem, SearchResult } from '../search/strategies/strategy.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import type { LoopContext } from '../training/loop.ts';
import { shareOfModules } from '../training/rates.ts';
import { countEvaluations, type StageConfig, stepsOver, stepsSuiting } from '../training/stage.ts';
import { meanLoss } from '../training/step-batches.ts';
import type { EncodedTask } from './encode-task.ts';
import { interruption } from './run-to-end.ts';
import { scoreSplit } from './scoring.ts';
import { type ResolvedSpace, resolveSpace } from './structures.ts';

/** What a search has found: the structure, and how it came about. */
export interface FoundStructure extends SearchResult {
  readonly structure: Structure;
}

/**
 * Searches which modules of a space to keep under a budget, with `strategy: 'bilevel'` as the method's sections 3 to 5
 * have it. Yields an event a step and one a validation; the memory of compiled models is given back when it ends, also
 * when it is left early.
 *
 * @throws InputError for wrong settings, a budget that holds no module, and too little training data
 * @throws InterruptedError where the signal has aborted
 */
export async function* searchStructure(
  model: Model,
  data: EncodedTask,
  given: StageSettings = {},
  context: LoopContext & WithCatalogue = {},
): AsyncGenerator<SearchEvent, FoundStructure> {
  const config = resolveConfig(model, data.task, given, undefined, context.catalogue);
  return yield* runSearch(model, data, resolveSearch(model, config, context.catalogue), context);
}

/** The same of a search in values. */
export async function* runSearch(
  model: Model,
  data: Pick<EncodedTask, 'train' | 'validation' | 'scoring'>,
  search: ResolvedSearch,
  context: LoopContext = {},
): AsyncGenerator<SearchEvent, FoundStructure> {
  throwIfInterrupted(context.signal);
  const { strategy, options, space, stage } = search;
  const problem = searchProblem(search, data.train);
  const open = new Set<Program>();
  const compile: Compile = async modules => {
    const program = await model.compile(modules);
    open.add(program);
    return {
      program,
      initialDelta: program.initialDelta(stage.seed, data.train),
      evaluate: (delta, gates) =>
        scoreSplit(program, data.validation, data.scoring, { delta, ...(gates && { gates }) }, context.signal),
      validationLoss: (delta, gates, most) =>
        meanLoss(
          program,
          evenlyChosen(data.validation.examples, most),
          { delta, ...(gates && { gates }) },
          { ...data.scoring, ...context },
        ),
      async release() {
        if (open.delete(program)) await program.release();
      },
    };
  };
  try {
    const found = yield* strategy.search(problem, options, compile, context);
    const { name, candidates, budget, limited, keepInert } = space;
    const { closed } = found;
    const kept = chooseStructure(found.worth, candidates, { budget, keepInert, ...(closed && { closed }) });
    const origin = { space: name, budget: limited ? budget : null };
    return { ...found, structure: createStructure(model, origin, candidates, { ...found, kept }) };
  } catch (error) {
    throw interruption(context.signal, error);
  } finally {
    for (const program of open) await program.release();
  }
}

/** A search in values: what it chooses from, how, and the sizes and rates of it and of the tuning that follows. */
export interface ResolvedSearch
  extends Pick<JobConfig, 'strategy' | 'options' | 'stage' | 'searchByTraining' | 'tuning'> {
  readonly space: ResolvedSpace;
  /** Parameters of the model's heads, trained beside whatever is kept. */
  readonly headSize: number;
}

/**
 * The search that a job's config asks for, of a model's own candidates. Computes nothing.
 * @throws InputError for an unknown space, and a budget that holds no module
 */
export function resolveSearch(
  model: Pick<Model, 'sites' | 'parameters' | 'heads'>,
  { strategy, options, space, stage, searchByTraining, tuning }: JobConfig,
  catalogue: Catalogue = builtIn,
): ResolvedSearch {
  const resolved = { space: resolveSpace(model, space, catalogue), headSize: headSize(model.heads) };
  return { strategy, options, ...resolved, stage, searchByTraining, tuning };
}

/** What a search's strategy is handed. @throws InputError for too little training data */
export function searchProblem(
  { space, headSize, stage: longest, searchByTraining, tuning }: Omit<ResolvedSearch, 'strategy' | 'options'>,
  examples: readonly EncodedExample[],
): SearchProblem {
  const { candidates, budget, keepInert } = space;
  const stage = atSharedRate(searchByTraining ? suitedToTraining(longest, tuning, examples.length) : longest, space);
  const problem = { candidates, budget, keepInert, headSize, examples, stage, tuning, usualEvaluations: 0 };
  const usual = defaultStrategy.options.parse({});
  const usualCost = defaultStrategy.cost(problem, defaultStrategy.complete?.(usual) ?? usual);
  return { ...problem, usualEvaluations: countEvaluations(usualCost) };
}

/** A search at the rate of a structure of as many modules as the budget holds, were all of the mean size. */
function atSharedRate(stage: StageConfig, { candidates, budget }: ResolvedSpace): StageConfig {
  if (!stage.sharedRate) return stage;
  const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
  return { ...stage, learningRate: stage.learningRate * shareOfModules((candidates.length * budget) / all) };
}

/** A search of the steps that suit the training, in however many passes. */
function suitedToTraining(longest: StageConfig, tuning: StageConfig, examples: number): StageConfig {
  const suited = stepsSuiting(stepsOver(examples, tuning));
  return { ...longest, epochs: suited, maxSteps: Math.min(suited, longest.maxSteps ?? suited) };
}
