import { builtIn, type Catalogue, type WithCatalogue } from '../catalogue/catalogue.ts';
import { retrainStage, searchStage } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import { type ChosenStrategy, chosenStrategy } from '../config/search-options.ts';
import type { Program } from '../core/program.ts';
import type { Model } from '../models/model.ts';
import { chooseStructure } from '../search/choose-structure.ts';
import { defaultStrategy } from '../search/strategies/strategies.ts';
import type { Compile, SearchEvent, SearchProblem, SearchResult } from '../search/strategies/strategy.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import type { LoopContext } from '../training/loop.ts';
import { countEvaluations } from '../training/stage-cost.ts';
import type { EncodedTask } from './encode-task.ts';
import { interruption } from './interrupted.ts';
import { scoreSplit } from './scoring.ts';
import { completeSettings, type StageSettings } from './stage-settings.ts';
import { openSpace } from './structures.ts';

/** What a search has found: the structure, and how it came about. */
export interface FoundStructure extends SearchResult {
  readonly structure: Structure;
}

/** A search before it is run: its strategy, and what that is handed. */
export interface PreparedSearch extends ChosenStrategy {
  readonly problem: SearchProblem;
}

/**
 * Makes plain values of settings. Computes nothing.
 * @throws InputError for an unknown space, a budget that holds no module, and too little training data
 */
export function prepareSearch(
  model: Pick<Model, 'sites' | 'parameters'>,
  { train: examples }: Pick<EncodedTask, 'train'>,
  settings: ResolvedSettings,
  catalogue: Catalogue = builtIn,
): PreparedSearch {
  const { candidates, budget } = openSpace(model, settings, catalogue);
  const keepInert = settings['keep-inert'];
  const [stage, tuning] = [searchStage(settings), retrainStage(settings)];
  const problem = { candidates, budget, keepInert, examples, stage, tuning, usualEvaluations: 0 };
  const usual = defaultStrategy.options.parse({});
  const usualCost = defaultStrategy.cost(problem, defaultStrategy.complete?.(usual) ?? usual);
  return {
    ...chosenStrategy(settings, catalogue),
    problem: { ...problem, usualEvaluations: countEvaluations(usualCost) },
  };
}

/**
 * Searches which modules of a space to keep under a budget (method, sections 3 to 5, by the strategy bilevel). Yields an
 * event a step and one a validation; the memory of compiled models is given back when it ends, also when it is left early.
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
  const settings = completeSettings(model, data.task, given, undefined, context.catalogue);
  const { strategy, options, problem } = prepareSearch(model, data, settings, context.catalogue);
  const open = new Set<Program>();
  const compile: Compile = async modules => {
    const program = await model.compile(modules);
    open.add(program);
    return {
      program,
      initialDelta: program.initialDelta(settings.seed),
      evaluate: (delta, gates) =>
        scoreSplit(program, data.validation, data.scoring, { delta, ...(gates && { gates }) }, context.signal),
      async release() {
        if (open.delete(program)) await program.release();
      },
    };
  };
  try {
    const found = yield* strategy.search(problem, options, compile, context);
    const { candidates, budget, keepInert } = problem;
    const { closed } = found;
    const kept = chooseStructure(found.worth, candidates, { budget, keepInert, ...(closed && { closed }) });
    const origin = { space: settings.space, budget: settings.budget === undefined ? null : budget };
    return { ...found, structure: createStructure(model, origin, candidates, { ...found, kept }) };
  } catch (error) {
    throw interruption(context.signal, error);
  } finally {
    for (const program of open) await program.release();
  }
}
