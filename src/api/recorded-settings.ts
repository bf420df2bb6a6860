import { existsSync } from 'node:fs';
import { readRecordedSettings } from '../config/config-file.ts';
import { isTaskFile } from '../config/paths.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../errors.ts';
import { type RunFolder, requireRun } from '../runs/run-folder.ts';

/**
 * The settings that a run was begun with, and over them those that are to differ.
 * @throws InputError where the folder holds no run, or the file of its task is not where it was
 */
export function recordedSettings(folder: RunFolder, changes: Settings): Settings {
  requireRun(folder);
  const begun = readRecordedSettings(folder.config);
  if (changes.task === undefined) requireTaskFile(begun, folder, 'give its place with --task, or write it there');
  return { ...begun, ...changes };
}

/**
 * Makes sure that the task's file is still there.
 * @param remedy what to do where it has moved
 * @throws InputError naming config.yaml, where its place stands
 */
export function requireTaskFile({ task }: Settings, folder: RunFolder, remedy: string): void {
  if (task === undefined || !isTaskFile(task) || existsSync(task)) return;
  throw new InputError(`the run's task file is not there any more: ${task}`, { where: folder.config, remedy });
}
