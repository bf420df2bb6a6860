import { requireModelAndTask } from '../config/check.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { loadModel } from '../models/load.ts';
import type { Model } from '../models/model.ts';
import { runFolder } from '../runs/run-folder.ts';
import { loadTask, type Task } from '../tasks/index.ts';
import { chooseDevice } from './choose-device.ts';
import { compileSettings } from './compile-settings.ts';
import { readTuned } from './read-tuned.ts';
import { recordedSettings } from './recorded-settings.ts';
import { completeSettings } from './stage-settings.ts';
import type { TunedStructure } from './tune.ts';

/** Everything needed to ask what a run has trained. */
export interface LoadedTuned {
  readonly settings: ResolvedSettings;
  readonly model: Model;
  readonly task: Task;
  readonly tuned: TunedStructure;
}

/**
 * Loads trained parameters with their model and their task, not the task's data. The only place that knows what a
 * folder with trained parameters looks like.
 * @param changes settings that may differ from those it was trained with
 * @throws InputError where the folder holds no trained run, does not fit the model any more, or the task's file has moved
 */
export async function loadTuned(path: string, changes: Settings = {}): Promise<LoadedTuned> {
  const asked = requireModelAndTask(recordedSettings(runFolder(path), changes));
  const task = await loadTask(asked.task);
  const named = { ...asked, device: await chooseDevice(asked.device) };
  const model = await loadModel(named.model, compileSettings(named));
  return { settings: completeSettings(model, task, named), model, task, tuned: await readTuned(path, model) };
}
