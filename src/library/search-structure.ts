import { searchStage } from '../config/job-config.ts';
import type { Model } from '../models/model.ts';
import { type SearchEvent, type SearchResult, search } from '../search/strategies/bilevel/bilevel-search.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import type { LoopContext } from '../training/loop.ts';
import type { EncodedTask } from './encode-task.ts';
import { interruption } from './interrupted.ts';
import { scoreSplit } from './scoring.ts';
import { splitHalves } from './split.ts';
import { completeSettings, type StageSettings } from './stage-settings.ts';
import { openSpace } from './structures.ts';

/** What a search has found: the structure, and how it came about. */
export interface FoundStructure extends SearchResult {
  readonly structure: Structure;
}

/**
 * Searches which modules of a space to keep under a budget (method, sections 3 to 5). Yields an event a step and one a
 * validation; the memory of the compiled model is given back when it ends, also when it is left early.
 *
 * @throws InputError for wrong settings, a budget that holds no module, and too little training data
 * @throws InterruptedError where the signal has aborted
 */
export async function* searchStructure(
  model: Model,
  data: EncodedTask,
  given: StageSettings = {},
  context: LoopContext = {},
): AsyncGenerator<SearchEvent, FoundStructure> {
  const settings = completeSettings(model, data.task, given);
  const { candidates, budget } = openSpace(model, settings);
  const halves = splitHalves(data.train, settings.seed);
  const program = await model.compile(candidates);
  try {
    const found = yield* search(
      {
        program,
        deltaExamples: halves.delta,
        alphaExamples: halves.alpha,
        initialDelta: program.initialDelta(settings.seed),
        evaluate: (delta, gates) =>
          scoreSplit(program, data.validation, data.scoring, { delta, gates }, context.signal),
      },
      { ...searchStage(settings), budget },
      context,
    );
    const origin = { space: settings.space, budget: settings.budget === undefined ? null : budget };
    return { ...found, structure: createStructure(model, origin, candidates, found) };
  } catch (error) {
    throw interruption(context.signal, error);
  } finally {
    await program.release();
  }
}
