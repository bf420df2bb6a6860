import { requireMethodOrStructure, requireNothingGiven } from '../config/check-settings.ts';
import type { Settings } from '../config/settings.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { type RunResult, readResult, writeResult } from '../runs/result.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';
import { requireKept } from './given-structure.ts';
import { inRunFolder } from './in-run-folder.ts';
import type { JobContext } from './job-events.ts';
import { settingsOfRun } from './open-run.ts';
import { prepareSearch, prepareTuning } from './prepare.ts';
import { runSearchStage } from './search-stage.ts';
import { compareWithRandom, resultOf, tuneBest } from './tune-trials.ts';

/** Where a job writes, and whether it goes on with what stands there. */
export interface JobOptions extends JobContext {
  /** Run folder, relative to the working directory. */
  readonly out: string;
  /** Go on with the run in the folder, where there is one. Stages already done are not repeated. */
  readonly resume?: boolean;
}

/** A job's result, and the folder where all of it lies. */
export interface JobOutcome {
  readonly folder: RunFolder;
  readonly result: RunResult;
  readonly structure: Structure;
}

/**
 * The whole job: searches a structure under the budget, tunes what it keeps, evaluates it, and writes the run
 * folder as it goes.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted; the state is saved, `resume` goes on
 */
export function runSearchJob(given: Settings, options: JobOptions): Promise<JobOutcome> {
  return asInterrupted(options.signal, async () => {
    const folder = runFolder(options.out);
    requireNothingGiven(given);
    const begun = settingsOfRun(given, folder, options.resume ?? false, options.catalogue);
    requireNothingGiven(begun);
    const { settings, inputs, search, ...job } = await prepareSearch(begun, options);
    return inRunFolder(folder, { settings, inputs }, options, async context => {
      let result = await readResult(folder.result);
      let structure: Structure;
      if (result === undefined) {
        const found = await runSearchStage(job, search, folder, context);
        structure = found.structure;
        result = { ...resultOf(job, structure), resources: { search: found.resources } };
        await writeResult(folder.result, result);
      } else {
        structure = await readStructure(folder.structure);
      }
      if (settings.retrain) {
        requireKept(structure, folder.structure);
        if (result.score === undefined) {
          const trials = [{ structure, tuning: job.tuning }];
          ({ result } = await tuneBest(job, trials, result.resources.search, folder, context));
        }
        if (settings['random-baseline']) {
          result = await compareWithRandom({ ...job, space: search.space }, result, folder, context);
        }
      }
      return { folder, result, structure };
    });
  });
}

/**
 * Tunes a structure that is given, not searched: a structure file's, a manual method's or a random one.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted; the state is saved, `resume` goes on
 */
export function runTrainJob(given: Settings, options: JobOptions): Promise<JobOutcome> {
  return asInterrupted(options.signal, async () => {
    const folder = runFolder(options.out);
    if (options.resume !== true) requireMethodOrStructure(given);
    const begun = settingsOfRun(given, folder, options.resume ?? false, options.catalogue);
    requireMethodOrStructure(begun);
    const { settings, inputs, trials, ...job } = await prepareTuning(begun, options);
    return inRunFolder(folder, { settings, inputs }, options, async context => {
      const done = await readResult(folder.result);
      const outcome = done
        ? { result: done, structure: await readStructure(folder.structure) }
        : await tuneBest(job, trials, undefined, folder, context);
      return { folder, ...outcome };
    });
  });
}
