import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { homeKeys } from '../config/parse-settings.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import type { Example } from '../data/example.ts';
import { rememberedHash } from '../files/checkpoint-files.ts';
import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/text-files.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Model } from '../models/model.ts';
import {
  changedData,
  changedModelFiles,
  changedSettings,
  changedTask,
  changeOf,
  type RunInputs,
  readRunInputs,
  requireSameInputs,
} from '../runs/inputs.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { parseTaskFile } from '../tasks/custom/task-file.ts';
import { loadTask, type Task, type TaskData } from '../tasks/tasks.ts';
import type { JobContext } from './job-events.ts';

/** Settings that say where things lie, which may move, and how a run computes. */
const passing: readonly string[] = [...homeKeys, 'threads', 'device'];

/** What a job is made from, to be kept in its run's folder. */
export async function inputsOf(
  task: Task,
  data: TaskData,
  model: Pick<Model, 'name' | 'hashes'>,
  settings: Readonly<Record<string, unknown>>,
): Promise<RunInputs> {
  const { name, metric, labels, words, numbers, file } = task;
  const files: RunInputs['data']['files'] = [];
  for (const path of (data.files ?? []).map(each => resolve(each))) {
    files.push({ path, bytes: statSync(path).size, sha256: await rememberedHash(path) });
  }
  const deciding = Object.entries(settings).filter(([key]) => !passing.includes(key));
  return {
    version: 1,
    settings: Object.fromEntries(deciding),
    task: {
      ...{ name, metric },
      ...(labels && { labels: [...labels] }),
      ...(words && { words: [...words] }),
      ...(numbers && { numbers }),
      ...(file && { file: { path: resolve(file.path), text: file.text } }),
    },
    data: { ...{ train: setOf(data.train), validation: setOf(data.validation), test: setOf(data.test) }, files },
    model: { name: model.name, files: { ...model.hashes } },
  };
}

function setOf(examples: readonly Example[]): RunInputs['data']['train'] {
  const hash = createHash('sha256');
  for (const example of examples) hash.update(`${JSON.stringify(example)}\n`);
  return { rows: examples.length, sha256: hash.digest('hex') };
}

/**
 * Makes sure that a run goes on with what it was begun with. Touches no file.
 * @throws InputError naming what has changed
 */
export async function requireInputsOfRun(folder: RunFolder, now: RunInputs, { metrics }: Catalogue): Promise<void> {
  const then = await readRunInputs(folder);
  if (then === undefined) return;
  const texts = [then.task.file?.text, now.task.file?.text] as const;
  const isFile = texts[0] !== undefined && texts[1] !== undefined;
  const task = isFile
    ? changedKeys(texts[0]!, texts[1]!, now.task.file!.path, metrics)
    : changedTask(then.task, now.task);
  const model = changedModelFiles(then.model, now.model.files).map(text => `the model's ${text}`);
  const told = task.map(text => `the task's ${text}`);
  const settings = changedSettings(then.settings, now.settings ?? {});
  requireSameInputs([...settings, ...told, ...changedData(then.data, now.data), ...model], folder);
}

/** Sizes of a run are its settings', and so no matter of a task file any more once it has begun. */
const passedOver = ['description', 'batchSize', 'epochs', 'evaluateEvery', 'files'];

function changedKeys(then: string, now: string, path: string, metrics: Metrics): string[] {
  const keysOf = (text: string): Readonly<Record<string, unknown>> => {
    const { labels, labelLines: _, ...rest } = parseTaskFile(text, path, metrics, { isKept: true });
    return { ...rest, labels: labels && [...labels].map(([label, word]) => `${label} → ${word}`) };
  };
  const [before, after] = [keysOf(then), keysOf(now)];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)].filter(key => !passedOver.includes(key)));
  return [...keys].flatMap(key => changeOf(key, before[key], after[key]));
}

/**
 * The task that a run was trained on, as its folder keeps it: what its file says now may be another one.
 * @param asked the task of its settings, or the one that is given in its place
 */
export async function taskOfRun(
  folder: RunFolder,
  asked: { readonly task: string; readonly isGiven: boolean },
  catalogue: Pick<Catalogue, 'tasks' | 'metrics'>,
  { onEvent }: Pick<JobContext, 'onEvent'> = {},
): Promise<Task> {
  const then = (await readRunInputs(folder))?.task;
  const own = then?.file;
  if (own === undefined || asked.isGiven) return loadTask(asked.task, catalogue);
  const differs = await differenceNow(own, asked.task, catalogue.metrics);
  if (differs !== undefined) {
    const text =
      `${asked.task} has changed since the run was trained, which goes by its own task: ${differs} ` +
      '(give --task to go by the file)';
    onEvent?.({ type: 'warning', text });
  }
  return loadTask(asked.task, catalogue, own.text);
}

async function differenceNow(then: { text: string }, path: string, metrics: Metrics): Promise<string | undefined> {
  if (!isThere(path)) return undefined;
  try {
    const changes = changedKeys(then.text, await readTextFile(path), path, metrics);
    return changes.length === 0 ? undefined : changes.join('; ');
  } catch (error) {
    if (error instanceof InputError) return `it cannot be read any more (${error.what})`;
    throw error;
  }
}

/**
 * Makes sure that a run is asked by the settings that it was trained with, but for those that are given.
 * @param recorded what its `config.yaml` says
 * @throws InputError naming those that have changed
 */
export async function requireSettingsOfRun(folder: RunFolder, recorded: Settings, given: Settings): Promise<void> {
  const then = await readRunInputs(folder);
  const changes = changedSettings(then?.settings, { ...recorded }, Object.keys(given));
  if (changes.length === 0) return;
  throw new InputError(`this run was trained with other settings: ${changes.join('; ')}`, {
    code: 'other-inputs',
    where: folder.config,
    remedy: 'put them back; where one is to differ for now, give it as a flag',
  });
}

/**
 * Makes sure that a model is the one that a run was trained on, to the last bit: on others its parameters mean nothing.
 * @throws InputError naming the files that have changed
 */
export async function requireModelOfRun(folder: RunFolder, model: Model): Promise<void> {
  const then = await readRunInputs(folder);
  const changes = then === undefined ? [] : changedModelFiles(then.model, model.hashes);
  if (changes.length === 0) return;
  throw new InputError(`the model's files are not those that this run was trained on: ${changes.join(', ')}`, {
    code: 'other-model',
    where: model.folder,
    remedy:
      'put back the files that were there, or give a folder of them with --model; or train again on ' +
      `these: s3delta train --structure ${shellWord(folder.structure)}`,
  });
}
