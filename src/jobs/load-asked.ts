import { join } from 'node:path';
import { compileSettings } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { loadTokenizer } from '../data/tokenizer/load-tokenizer.ts';
import { withSentinel } from '../data/tokenizer/sentinel.ts';
import { descriptionFile, holdsExport, readDescription } from '../export/description.ts';
import { type AskedTask, taskOf } from '../export/exported-task.ts';
import { exporterOf } from '../export/formats.ts';
import type { AnswerEachOptions, Asked } from '../library/answer-each.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { keptModules } from '../structure/structure-file.ts';
import { loadTask } from '../tasks/tasks.ts';
import { loadTuned } from './load-tuned.ts';

/** Something trained that can be asked, with its task and the sizes it is asked in. */
export interface LoadedAsked extends Asked {
  readonly task: AskedTask;
  readonly sizes: Pick<AnswerEachOptions, 'maxLength' | 'batchSize'>;
}

type Changes = Pick<Settings, 'model' | 'task' | 'batch-size' | 'device' | 'threads' | 'max-length'>;

/**
 * Opens a run folder, or the folder of an exported model.
 * @throws InputError where the folder is neither, or what it holds cannot answer
 */
export function loadAsked(path: string, changes: Changes): Promise<LoadedAsked> {
  return holdsExport(path) ? loadExported(path, changes) : loadRun(path, changes);
}

async function loadRun(path: string, changes: Changes): Promise<LoadedAsked> {
  const { settings, model, task, tuned } = await loadTuned(path, changes);
  const tokenizer = settings.sentinel ? withSentinel(model.tokenizer) : model.tokenizer;
  const program = await model.compile(keptModules(tuned.structure, model));
  const sizes = { maxLength: settings['max-length'], batchSize: settings['batch-size'] };
  return { program, delta: tuned.delta, tokenizer, task, sizes };
}

async function loadExported(folder: string, changes: Changes): Promise<LoadedAsked> {
  const description = await readDescription(folder);
  if (changes.model !== undefined) {
    throw new InputError('an exported model is a model by itself', { where: '--model', remedy: 'leave it out' });
  }
  const { open } = exporterOf(description.format, join(folder, descriptionFile));
  if (open === undefined) {
    throw new InputError(`${description.format} holds what was trained without the model it was trained for`, {
      where: folder,
      remedy: 'give the run folder, or export the run as onnx',
    });
  }
  const task = changes.task === undefined ? taskOf(description.task, folder) : await loadTask(changes.task);
  const { sentinel, maxLength } = description.task;
  const plain = await loadTokenizer(folder);
  const tokenizer = sentinel ? withSentinel(plain) : plain;
  const sizes = { maxLength: changes['max-length'] ?? maxLength, ...batchSize(changes) };
  const device = await chooseDevice(changes.device);
  const program = await open(folder, description, compileSettings({ ...changes, device }));
  return { program, delta: new Float32Array(0), tokenizer, task, sizes };
}

const batchSize = ({ 'batch-size': batchSize }: Changes) => (batchSize === undefined ? {} : { batchSize });
