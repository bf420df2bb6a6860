import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { draftConfig } from '../config/config-file.ts';
import type { SettingKey, Settings } from '../config/settings.ts';
import { batchesPerEpoch } from '../data/batches.ts';
import { dataFileEndings, readSomeRows } from '../data/rows/read-rows.ts';
import { readBytes } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { runToEnd, type StopContext } from '../library/run-to-end.ts';
import { runSearch, searchProblem } from '../library/search-structure.ts';
import { tuneStructure } from '../library/tune.ts';
import { draftTask, type GuessedTask, guessTask } from '../tasks/custom/guess-task.ts';
import { taskFileBeside } from '../tasks/task-places.ts';
import { type StageConfig, tuneCost } from '../training/stage.ts';
import type { JobContext } from './job-events.ts';
import { forSearch, prepare, type ResolvedSearchJob } from './prepare.ts';

/** A task guessed from a data file, and where its task file belongs: beside the data, named after them. */
export interface OwnTask extends GuessedTask {
  readonly path: string;
  readonly rows: number;
}

/** Whether a task is named by its data file, not by a name or a task.yaml. */
export function isDataFile(task: string): boolean {
  return dataFileEndings.includes(extname(task).toLowerCase());
}

/**
 * @param label the column that is known to hold the label
 * @throws InputError where the file cannot be read or no task can be made of it, an UnknownLabelError where a label
 * would do
 */
export async function guessOwnTask(dataFile: string, label?: string): Promise<OwnTask> {
  const rows = await readSomeRows(dataFile);
  return { ...guessTask(dataFile, rows, label), path: taskFileBeside(dataFile), rows: rows.length };
}

/** What a config is drafted for. */
export interface Draft {
  /** File to write. */
  readonly path: string;
  readonly settings: Settings;
  /** A task file to write with it, which the settings then name. */
  readonly ownTask?: OwnTask | undefined;
  /** Time there is: some steps are timed, and `max-steps` is set so that the whole job fits. */
  readonly minutes?: number | undefined;
}

/**
 * Writes a commented config file, over any other.
 * @throws InputError for settings that a job would refuse; then the files are as they were
 */
export async function writeDraft(
  { path, settings: given, ownTask, minutes }: Draft,
  context: StopContext & Pick<JobContext, 'onEvent'> = {},
): Promise<void> {
  const settings: Settings = ownTask === undefined ? given : { ...given, task: ownTask.path };
  const write = async () => {
    const { config, ...job } = forSearch(await prepare(settings, context));
    const limit = minutes === undefined ? {} : { 'max-steps': await stepsWithin(minutes, job, context) };
    const chosen = Object.keys({ ...settings, ...limit }) as SettingKey[];
    await writeFileWhole(path, draftConfig({ ...config.settings, ...limit }, chosen, path));
  };
  await (ownTask === undefined ? write() : withFile(ownTask.path, draftTask(ownTask, ownTask.path), write));
}

/** Writes a file that some work needs; where that fails, what was there before is there again. */
async function withFile(path: string, text: string, work: () => Promise<void>): Promise<void> {
  const before = existsSync(path) ? await readBytes(path) : undefined;
  await writeFileWhole(path, text);
  try {
    await work();
  } catch (error) {
    await (before === undefined ? rm(path, { force: true }) : writeFileWhole(path, before));
    throw error;
  }
}

interface Timed {
  readonly type: 'step' | 'evaluation';
  readonly seconds: number;
}

/** The first step of a program compiles it; those after it are timed. */
const timedSteps = 3;
/** Share of the time to plan with: steps vary in length. */
const plannedShare = 0.9;

/**
 * The most steps a stage may have for search, tuning and their validations to end within some minutes here, and no
 * more than the settings' epochs hold: some steps of both stages are made and timed. A search that suits its training
 * has fewer steps than that.
 * @throws as `runSearch` and `tuneStructure`; InterruptedError where the signal has aborted
 */
async function stepsWithin(
  minutes: number,
  { model, data, search }: ResolvedSearchJob,
  { signal }: StopContext = {},
): Promise<number> {
  const context = signal === undefined ? {} : { signal };
  const { stage, tuning, strategy, options, searchByTraining } = search;
  const short = { ...search, stage: shortened(stage), tuning: shortened(tuning) };
  const searchEvents: Timed[] = [];
  const { structure } = await runToEnd(runSearch(model, data, short, context), event => searchEvents.push(event));
  const tuneEvents: Timed[] = [];
  await runToEnd(tuneStructure(model, structure, data, short.tuning, context), event => tuneEvents.push(event));

  const [searching, training] = [searchEvents, tuneEvents].map(secondsOf) as [Seconds, Seconds];
  // A search may have none of its own, and the trainings at its end look at losses of about as many rows.
  const validation = Math.max(searching.evaluation, training.evaluation);
  const batches = batchesPerEpoch(data.train.length, tuning.batchSize);
  const longest = batches * Math.max(searchByTraining ? 0 : stage.epochs, tuning.epochs);
  return mostWithin(plannedShare * 60 * minutes, longest, most => {
    const limited = { ...search, stage: { ...stage, maxSteps: most }, tuning: { ...tuning, maxSteps: most } };
    const found = strategy.cost(searchProblem(limited, data.train), options);
    const { steps, validations } = tuneCost([], data.train, limited.tuning);
    return (
      (found?.steps ?? 0) * searching.step +
      steps * training.step +
      ((found?.validations ?? 0) + validations) * validation
    );
  });
}

const shortened = (stage: StageConfig): StageConfig => ({ ...stage, maxSteps: timedSteps, evaluateEvery: timedSteps });

interface Seconds {
  readonly step: number;
  readonly evaluation: number;
}

/** Of the fastest of each; of a search's steps without those of the short trainings at its end. */
function secondsOf(events: readonly Timed[]): Seconds {
  const fastest = (type: Timed['type'], most = events.length) => {
    const seconds = events.filter(event => event.type === type).map(event => event.seconds);
    return seconds.length === 0 ? 0 : Math.min(...seconds.slice(0, most));
  };
  return { step: fastest('step', timedSteps), evaluation: fastest('evaluation') };
}

/** The most steps, one at least, whose time, which grows with them, is no longer than so many seconds. */
export function mostWithin(seconds: number, longest: number, secondsOfSteps: (most: number) => number): number {
  let [within, beyond] = [1, longest + 1];
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (secondsOfSteps(middle) <= seconds) within = middle;
    else beyond = middle;
  }
  return within;
}
