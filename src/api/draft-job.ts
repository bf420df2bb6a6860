import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { draftConfig } from '../config/draft-config.ts';
import type { SettingKey, Settings } from '../config/settings.ts';
import { dataFileEndings, readRows } from '../data/read-rows.ts';
import { InputError } from '../errors.ts';
import { readBytes } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';
import { draftTask } from '../tasks/custom/draft-task.ts';
import { type GuessedTask, guessTask } from '../tasks/custom/guess-task.ts';
import type { StopContext } from './evaluate.ts';
import { prepare } from './prepare.ts';
import { stepsWithin } from './steps-within.ts';
import { openSpace } from './structures.ts';

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
 * @throws InputError where the file cannot be read or no task can be made of it, an UnknownLabelError where a label would do
 */
export async function guessOwnTask(dataFile: string, label?: string): Promise<OwnTask> {
  const rows = await readRows(dataFile);
  if (rows.length === 0) {
    throw new InputError('this data file has no rows', { where: dataFile, remedy: 'give a file with examples' });
  }
  return { ...guessTask(dataFile, rows, label), path: taskFileBeside(dataFile), rows: rows.length };
}

/** `films/reviews.csv` gives `films/reviews.task.yaml`: a folder may hold several tables. */
export function taskFileBeside(dataFile: string): string {
  return join(dirname(dataFile), `${basename(dataFile, extname(dataFile))}.task.yaml`);
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
  context: StopContext = {},
): Promise<void> {
  const settings: Settings = ownTask === undefined ? given : { ...given, task: ownTask.path };
  const write = async () => {
    const prepared = await prepare(settings, context);
    openSpace(prepared.model, prepared.settings);
    const limit = minutes === undefined ? {} : { 'max-steps': await stepsWithin(minutes, prepared, context) };
    const chosen = Object.keys({ ...settings, ...limit }) as SettingKey[];
    await writeFileWhole(path, draftConfig({ ...prepared.settings, ...limit }, chosen, path));
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
