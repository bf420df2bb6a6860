import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { readDelta } from '../library/delta-file.ts';
import { completeSettings } from '../library/stage-settings.ts';
import type { TunedStructure } from '../library/tune.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import { type RunFolder, requireRun, runFolder } from '../runs/run-folder.ts';
import { keptModules, readStructure } from '../structure/structure-file.ts';
import { loadTask, type Task } from '../tasks/tasks.ts';
import { recordedSettings } from './open-run.ts';

/** Everything needed to ask what a run has trained. */
export interface LoadedTuned {
  /** The names that the run may use: the package's, and those of its plugins. */
  readonly catalogue: Catalogue;
  readonly settings: ResolvedSettings;
  readonly model: Model;
  readonly task: Task;
  readonly tuned: TunedStructure;
}

/**
 * Loads trained parameters with their model and their task, not the task's data. The only place that knows what a
 * folder with trained parameters looks like.
 * @param changes settings that may differ from those it was trained with
 * @throws InputError where the folder holds no trained run, does not fit the model any more, or the task's file has
 * moved
 */
export async function loadTuned(
  path: string,
  changes: Settings = {},
  { catalogue: known }: WithCatalogue = {},
): Promise<LoadedTuned> {
  const asked = requireModelAndTask(recordedSettings(runFolder(path), changes, known));
  requireTuned(runFolder(path), asked);
  const catalogue = openPlugins(asked.plugins, known);
  const { families } = catalogue;
  const task = await loadTask(asked.task, catalogue);
  const named = { ...asked, device: await chooseDevice(asked.device) };
  const model = await (await loadModel(named.model, { ...compileSettings(named), families })).forTask(task);
  const settings = completeSettings(model, task, named, undefined, catalogue);
  return { catalogue, settings, model, task, tuned: await readTuned(path, model, catalogue) };
}

/**
 * Makes sure that the run has come to its end, before anything is loaded.
 * @throws InputError with the command that goes on, where it was stopped, failed, or was to search only
 */
export function requireTuned({ path, structure, delta }: RunFolder, settings: Settings): void {
  if (isThere(structure) && isThere(delta)) return;
  const command = settings.method === undefined && settings.structure === undefined ? 'search' : 'train';
  if (settings.retrain === false && isThere(structure)) {
    throw new InputError('this run has searched only (--no-retrain), and trained nothing to be asked', {
      code: 'unfinished-run',
      where: path,
      remedy: `train what it has found: s3delta train --structure ${structure} --model ${settings.model} --task ${settings.task}`,
    });
  }
  const stage = command === 'search' && !isThere(structure) ? 'search' : 're-training';
  throw new InputError(`this run is not finished: it was stopped or has failed in its ${stage}`, {
    code: 'unfinished-run',
    where: path,
    remedy: `go on with: s3delta ${command} --resume --out ${path}`,
  });
}

/**
 * What a finished run has trained, ready to be evaluated or asked.
 * @throws InputError where the folder holds no trained run, or one of another model
 */
export async function readTuned(path: string, model: Model, catalogue?: Catalogue): Promise<TunedStructure> {
  const folder = runFolder(path);
  requireRun(folder);
  const structure = await readStructure(folder.structure);
  const modules = keptModules(structure, model, folder.structure, catalogue);
  const delta = await readDelta(folder.delta, model, model.layout(modules));
  return { structure, delta };
}
