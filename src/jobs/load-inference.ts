import { join } from 'node:path';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { compileSettings } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { descriptionFile, holdsExport, readDescription, requireFilesAsDescribed } from '../export/description.ts';
import { type InferenceTask, taskOf } from '../export/exported-task.ts';
import { exporterOf } from '../export/formats.ts';
import type { AnswerEachOptions, Inference } from '../library/answer-each.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { familyIn } from '../models/families.ts';
import { keptModules } from '../structure/structure-file.ts';
import { loadTask } from '../tasks/tasks.ts';
import type { JobContext } from './job-events.ts';
import { loadTuned } from './load-tuned.ts';

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
