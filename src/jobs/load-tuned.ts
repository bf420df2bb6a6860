import { requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { readDelta } from '../library/delta-file.ts';
import { completeSettings } from '../library/stage-settings.ts';
import type { TunedStructure } from '../library/tune.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import { keptModules, readStructure } from '../structure/structure-file.ts';
import { loadTask, type Task } from '../tasks/tasks.ts';
import { recordedSettings } from './open-run.ts';

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
  const model = await (await loadModel(named.model, compileSettings(named))).forTask(task);
  return { settings: completeSettings(model, task, named), model, task, tuned: await readTuned(path, model) };
}

/**
 * What a finished run has trained, ready to be evaluated or asked.
 * @throws InputError where the folder holds no trained run, or one of another model
 */
export async function readTuned(path: string, model: Model): Promise<TunedStructure> {
  const folder = runFolder(path);
  requireRun(folder);
  const structure = await readStructure(folder.structure);
  const delta = await readDelta(folder.delta, model, model.layout(keptModules(structure, model, folder.structure)));
  return { structure, delta };
}
