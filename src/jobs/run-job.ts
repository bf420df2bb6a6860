import { basename } from 'node:path';
import { requireMethodOrStructure, requireNothingGiven } from '../config/check-settings.ts';
import type { Settings } from '../config/settings.ts';
import { exportAdvice, holdingsOf } from '../export/formats.ts';
import { isThere } from '../files/regular-file.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import type { ResolvedSearch } from '../library/search-structure.ts';
import { type CostedJob, costStages } from '../plan/stage-plan.ts';
import { type StageName, writeStagesToCome } from '../runs/metrics-log.ts';
import { type RunResult, readResult, writeResult } from '../runs/result.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { lost, type RunOutcome } from '../runs/run-outcome.ts';
import { keptModules, readStructure, type Structure } from '../structure/structure-file.ts';
import { countEvaluations, tuneCost } from '../training/stage.ts';
import type { JobContext, StageToCome } from './job-events.ts';
import { inRunFolder, settingsOfRun } from './open-run.ts';
import {
  forSearch,
  forTuning,
  prepare,
  type ResolvedJob,
  requireMemoryToSearch,
  requireMemoryToTune,
} from './prepare.ts';
import { runSearchStage } from './search-stage.ts';
import { requireKept, type Trial } from './trials.ts';
import { compareWithRandom, resultOf, scoreAgain, tuneBest } from './tune-trials.ts';

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
    const begun = settingsOfRun(given, folder, options.resume ?? false, options.catalogue);
    requireNothingGiven(begun);
    const prepared = forSearch(await prepare(begun, options));
    await requireMemoryToSearch(prepared, options);
    const { config, inputs, search, ...job } = prepared;
    const { settings } = config;
    return inRunFolder(folder, { settings, inputs }, options, async (context, before) => {
      await tellStages(stagesOfSearch({ ...job, search }), folder, context);
      const left = await readLeft(folder, before, options);
      let { result } = left;
      let structure: Structure;
      if (left.structure !== undefined) {
        structure = left.structure;
        result ??= await writeFirstResult(folder, resultOf(job, structure));
      } else {
        tellExports(job, search, options);
        const found = await runSearchStage(job, search, folder, context);
        structure = found.structure;
        const { resources } = found;
        result = await writeFirstResult(folder, { ...resultOf(job, structure), resources: { search: resources } });
      }
      if (job.tunings > 0) {
        requireKept(structure, folder.structure);
        const { search: spent } = result.resources;
        if (left.isTrained && result.score === undefined) {
          result = await scoreAgain(job, structure, spent, folder, context);
        } else if (result.score === undefined || !left.isTrained) {
          const trials = [{ structure, tuning: job.tuning }];
          ({ result } = await tuneBest(job, trials, { search: spent, random: result.score?.random }, folder, context));
        }
        if (job.tunings > 1) {
          result = await compareWithRandom({ ...job, space: search.space }, result, folder, context);
        }
      }
      return { folder, result, structure };
    });
  });
}

/** What a job has found out before anything is trained. */
async function writeFirstResult({ result: path }: RunFolder, result: RunResult): Promise<RunResult> {
  await writeResult(path, result);
  return result;
}

/** Says what of the space no exporter can hold, while nothing is spent yet. */
function tellExports({ catalogue }: ResolvedJob, { space }: ResolvedSearch, { onEvent }: JobContext): void {
  const advice = exportAdvice(holdingsOf(space.candidates, catalogue.exporters));
  if (advice !== undefined) onEvent?.({ type: 'message', text: advice });
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
    const prepared = await forTuning(await prepare(begun, options));
    await requireMemoryToTune(prepared, options);
    const { config, inputs, trials, ...job } = prepared;
    return inRunFolder(folder, { settings: config.settings, inputs }, options, async (context, before) => {
      await tellStages(stagesOfTraining(job, trials), folder, context);
      const { result, structure, isTrained } = await readLeft(folder, before, options);
      if (structure === undefined || !isTrained)
        return { folder, ...(await tuneBest(job, trials, {}, folder, context)) };
      const done = result ?? (await scoreAgain(job, structure, undefined, folder, context));
      return { folder, result: done, structure };
    });
  });
}

/** Who looks at the folder is told as well. */
async function tellStages(stages: readonly StageToCome[], folder: RunFolder, { onEvent }: JobContext): Promise<void> {
  onEvent?.({ type: 'stages', stages });
  await writeStagesToCome(folder, [...stages]);
}

/** What a search job will do: each tuning is followed by its test. */
function stagesOfSearch(job: CostedJob): StageToCome[] {
  const costs = new Map(costStages(job).map(({ stage, cost }) => [stage, countEvaluations(cost)]));
  const tuned = (['retrain', 'random'] as const)
    .slice(0, job.tunings)
    .flatMap(stage => withTest(stage, costs.get('retrain')!));
  return [{ stage: 'search', evaluations: costs.get('search') ?? 0 }, ...tuned];
}

/** One after the other, and the test of the best. */
function stagesOfTraining({ model, data, catalogue }: ResolvedJob, trials: readonly Trial[]): StageToCome[] {
  return trials.flatMap(({ name, structure, tuning }, i) => {
    const modules = keptModules(structure, model, undefined, catalogue);
    const evaluations = countEvaluations(tuneCost(modules, data.train, tuning));
    const training = { stage: 'retrain', ...(name !== undefined && { trial: name }), evaluations } as const;
    return i < trials.length - 1 ? [training] : [training, { stage: 'test', evaluations: 0 }];
  });
}

const withTest = (stage: StageName, evaluations: number): StageToCome[] => [
  { stage, evaluations },
  { stage: 'test', evaluations: 0 },
];

/** What a run has done already, by the files that are there. */
interface Left {
  readonly result: RunResult | undefined;
  /** Undefined where the search, or the first training, is still to end. */
  readonly structure: Structure | undefined;
  /** Whether its parameters are trained, and there. */
  readonly isTrained: boolean;
}

/**
 * Reads what a run that is gone on with has done. Where a file of what was done is not there any more, it is said what
 * is done again for it, and no more is.
 * @param before how it ended when it was last worked on
 * @throws InputError where what is gone cannot be made of the rest
 */
async function readLeft(
  folder: RunFolder,
  before: RunOutcome | undefined,
  { onEvent }: Pick<JobContext, 'onEvent'>,
): Promise<Left> {
  const result = await readResult(folder.result);
  const isOver = before?.ended === 'finished';
  const [hasStructure, hasDelta] = [isThere(folder.structure), isThere(folder.delta)];
  if (result !== undefined && !hasStructure) throw lost(folder, folder.structure);
  const isKnown = result !== undefined || (isOver && hasStructure);
  const isTrained = hasDelta && hasStructure && (result?.score !== undefined || (result === undefined && isOver));
  const again = (path: string, what: string) =>
    onEvent?.({ type: 'warning', text: `${basename(path)} is not there any more: ${what}` });
  if (result?.score !== undefined && !hasDelta) again(folder.delta, 'what the structure keeps is trained again');
  if (result === undefined && isOver && hasDelta) {
    if (!hasStructure) again(folder.result, 'neither is structure.json, and the whole run is done again');
    else again(folder.result, 'its scores are computed again; what the stages took is not known any more');
  } else if (result === undefined && isKnown) {
    again(folder.result, 'what the search took is not known any more');
  }
  return { result, structure: isKnown ? await readStructure(folder.structure) : undefined, isTrained };
}
