import { join } from 'node:path';
import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings, type JobConfig, resolveConfig } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import {
  descriptionFile,
  holdsExport,
  type InferenceTask,
  readDescription,
  requireFilesAsDescribed,
  taskOf,
} from '../export/description.ts';
import { exporterOf } from '../export/formats.ts';
import { isThere } from '../files/regular-file.ts';
import { readDelta } from '../library/delta-file.ts';
import type { AnswerEachOptions, Inference } from '../library/predict.ts';
import type { TunedStructure } from '../library/tune.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { familyIn } from '../models/families.ts';
import { loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import { type RunFolder, requireRun, runFolder } from '../runs/run-folder.ts';
import { requireTrained } from '../runs/run-outcome.ts';
import { keptModules, readStructure } from '../structure/structure-file.ts';
import { loadTask, type Task } from '../tasks/tasks.ts';
import type { JobContext } from './job-events.ts';
import { recordedSettings } from './open-run.ts';
import { requireModelOfRun, requireSettingsOfRun, taskOfRun } from './prepare.ts';

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
  const catalogue = openPlugins(asked.plugins, known);
  await requireSettingsOfRun(folder, asked, changes, catalogue);
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

/** Something trained that can be asked, with its task and the batches it is asked in. */
export interface LoadedInference extends Inference {
  readonly task: InferenceTask;
  readonly sizes: Pick<AnswerEachOptions, 'batchSize'>;
}

/** Settings that may differ from those that something was trained with, where it is asked. */
export type InferenceChanges = Pick<
  Settings,
  'model' | 'task' | 'batch-size' | 'device' | 'threads' | 'max-length' | 'plugins'
>;

type Tells = Pick<JobContext, 'onEvent'>;

/**
 * Opens a run folder, or the folder of an exported model.
 * @throws InputError where the folder is neither, or what it holds cannot answer
 */
export function loadInference(path: string, changes: InferenceChanges, context: Tells = {}): Promise<LoadedInference> {
  return holdsExport(path) ? loadExported(path, changes) : loadRun(path, changes, context);
}

async function loadRun(path: string, changes: InferenceChanges, context: Tells): Promise<LoadedInference> {
  const { config, model, task, tuned, catalogue } = await loadTuned(path, changes, context);
  const { maxLength, sentinel, batchSize } = config.encoding;
  const codec = model.codec(task, { maxLength, sentinel });
  const program = await model.compile(keptModules(tuned.structure, model, undefined, catalogue));
  return { program, delta: tuned.delta, codec, task, sizes: { batchSize } };
}

async function loadExported(folder: string, changes: InferenceChanges): Promise<LoadedInference> {
  const description = await readDescription(folder);
  await requireFilesAsDescribed(folder, description);
  if (changes.model !== undefined) {
    throw new InputError('an exported model is a model by itself', {
      code: 'conflicting-settings',
      where: '--model',
      remedy: 'leave it out',
    });
  }
  const catalogue = openPlugins(changes.plugins);
  const { exporters, families } = catalogue;
  const { open } = exporterOf(description.format, join(folder, descriptionFile), exporters);
  if (open === undefined) {
    throw new InputError(`${description.format} holds what was trained without the model it was trained for`, {
      code: 'export-cannot-answer',
      where: folder,
      remedy: 'give the run folder, or export the run as onnx',
    });
  }
  const task = changes.task === undefined ? taskOf(description.task, folder) : await loadTask(changes.task, catalogue);
  const { sentinel, maxLength } = description.task;
  const { family, config } = await familyIn(folder, families);
  const codecOf = await family.openCodecs(folder, config);
  const codec = codecOf(task, { maxLength: changes['max-length'] ?? maxLength, sentinel });
  const device = await chooseDevice(changes.device);
  const program = await open(folder, description, compileSettings({ ...changes, device }));
  return { program, delta: new Float32Array(0), codec, task, sizes: sizesOf(changes) };
}

const sizesOf = ({ 'batch-size': batchSize }: InferenceChanges) => (batchSize === undefined ? {} : { batchSize });
