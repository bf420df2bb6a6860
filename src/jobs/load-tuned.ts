import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings, type JobConfig } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { isThere } from '../files/regular-file.ts';
import { readDelta } from '../library/delta-file.ts';
import { resolveConfig } from '../library/stage-settings.ts';
import type { TunedStructure } from '../library/tune.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import { type RunFolder, requireRun, runFolder } from '../runs/run-folder.ts';
import { requireTrained } from '../runs/run-outcome.ts';
import { keptModules, readStructure } from '../structure/structure-file.ts';
import type { Task } from '../tasks/tasks.ts';
import type { JobContext } from './job-events.ts';
import { recordedSettings } from './open-run.ts';
import { requireModelOfRun, requireSettingsOfRun, taskOfRun } from './run-inputs.ts';

/** Everything needed to ask what a run has trained. */
export interface LoadedTuned {
  /** The names that the run may use: the package's, and those of its plugins. */
  readonly catalogue: Catalogue;
  readonly config: JobConfig;
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
  { catalogue: known, onEvent }: WithCatalogue & Pick<JobContext, 'onEvent'> = {},
): Promise<LoadedTuned> {
  const folder = requireTrainedRun(path);
  const asked = recordedSettings(folder, changes, known, { needsFile: !isThere(folder.inputs) });
  const named = requireModelAndTask(asked.model, asked.task);
  await requireSettingsOfRun(folder, asked, changes);
  const catalogue = openPlugins(asked.plugins, known);
  const { families } = catalogue;
  const given = { task: named.task, isGiven: changes.task !== undefined };
  const task = await taskOfRun(folder, given, catalogue, { onEvent });
  const placed = { ...asked, ...named, device: await chooseDevice(asked.device) };
  const model = await (await loadModel(named.model, { ...compileSettings(placed), families })).forTask(task);
  await requireModelOfRun(folder, model);
  const config = resolveConfig(model, task, placed, undefined, catalogue);
  return { catalogue, config, model, task, tuned: await readTuned(path, model, catalogue) };
}

/** @throws InputError where the folder holds no run, or one that has trained nothing yet, with how it goes on */
export function requireTrainedRun(path: string): RunFolder {
  const folder = runFolder(path);
  requireRun(folder);
  requireTrained(folder);
  return folder;
}

/**
 * What a finished run has trained, ready to be evaluated or asked.
 * @throws InputError where the folder holds no trained run, or one of another model
 */
export async function readTuned(path: string, model: Model, catalogue?: Catalogue): Promise<TunedStructure> {
  const folder = requireTrainedRun(path);
  const structure = await readStructure(folder.structure);
  const modules = keptModules(structure, model, folder.structure, catalogue);
  const delta = await readDelta(folder.delta, model, model.layout(modules));
  return { structure, delta };
}
