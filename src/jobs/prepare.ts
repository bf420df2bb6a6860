import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireFrozenWeights, requireModelAndTask } from '../config/check-settings.ts';
import { keysOfUnknownStrategy } from '../config/config-file.ts';
import { compileSettings, type JobConfig, resolveConfig } from '../config/job-config.ts';
import { homeKeys } from '../config/parse-settings.ts';
import type { Settings } from '../config/settings.ts';
import { doubtsInWords, InputError } from '../core/errors.ts';
import { count, shellWord } from '../core/format.ts';
import { inputLength } from '../core/program.ts';
import type { Example } from '../data/example.ts';
import { rememberedHash } from '../files/checkpoint-files.ts';
import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/text-files.ts';
import { dataRemarks, type EncodedTask, encodeData } from '../library/encode-task.ts';
import type { ScoredSplit } from '../library/scoring.ts';
import { type ResolvedSearch, resolveSearch } from '../library/search-structure.ts';
import { memoryLimits } from '../machine/memory-limits.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Model } from '../models/model.ts';
import { memoryOptions, requireMemory, surelyFits, tuningOptions } from '../plan/memory-options.ts';
import { draftStages, draftTuning, largestPeak } from '../plan/stage-plan.ts';
import { fewRows } from '../report/verdict/verdict.ts';
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
import type { CompileSettings } from '../runtime/session.ts';
import { spaceOfGiven } from '../structure/authors-structure.ts';
import { readBudget } from '../structure/budget.ts';
import { keptModules } from '../structure/structure-file.ts';
import { parseTaskFile } from '../tasks/custom/task-file.ts';
import { loadTaskData } from '../tasks/task.ts';
import { defaultDataFolder, isUnnamedFolder, requireDataFolder } from '../tasks/task-places.ts';
import { loadTask, type Task, type TaskData } from '../tasks/tasks.ts';
import { downloadMessages, freshLoaders, type JobContext } from './job-events.ts';
import { listTrials, type Trial } from './trials.ts';

/** Settings that say where things lie, which may move, and how a run computes. */
const passing: readonly string[] = [...homeKeys, 'threads', 'device'];

/** What a job is made from, to be kept in its run's folder. */
async function inputsOf(
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
export async function requireSettingsOfRun(
  folder: RunFolder,
  recorded: Settings,
  given: Settings,
  catalogue: Catalogue,
): Promise<void> {
  const then = await readRunInputs(folder);
  // They have no say any more.
  const ofSearch = keysOfUnknownStrategy(then?.settings, catalogue);
  const changes = changedSettings(then?.settings, { ...recorded }, [...Object.keys(given), ...ofSearch]);
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

/** What the stages of a job share, in values: loaded, split by the seed, and encoded. */
export interface ResolvedJob extends Pick<JobConfig, 'encoding' | 'tuning' | 'tunings'> {
  /** The names that the job may use: the package's, and those of its plugins. */
  readonly catalogue: Catalogue;
  readonly model: Model;
  readonly data: EncodedTask;
  /** How its programs are compiled, and where. */
  readonly compile: CompileSettings;
}

/** The same of a search. */
export interface ResolvedSearchJob extends ResolvedJob {
  readonly search: ResolvedSearch;
}

/** A job before it is known what it tunes, and what it was made of: below, its settings are recorded and not read. */
export interface Prepared extends ResolvedJob {
  readonly config: JobConfig;
  /** What it was made from, to be kept in the run's folder. */
  readonly inputs: RunInputs;
}

/**
 * Makes values of settings: chooses the device, and loads the model, the task and its data. Touches no file.
 * @throws InputError for anything wrong with them
 */
export async function prepare(
  given: Settings,
  { signal, onEvent, loaders = freshLoaders, catalogue: known }: JobContext,
): Promise<Prepared> {
  const catalogue = openPlugins(given.plugins, known);
  // A misspelt budget is told before a model is read.
  if (given.budget !== undefined) readBudget(given.budget);
  const named = requireModelAndTask(given.model, given.task);
  requireDataFolder(given.data);
  const tuned = await tunedBy(given.method, given.structure);
  requireFrozenWeights(given.precision, tuned, catalogue);
  const task = await loaders.task(named.task, catalogue);
  const device = await loaders.device(given.device, text => onEvent?.({ type: 'message', text }));
  const { threads, prepack, recompute, precision } = given;
  const compile = compileSettings({ device, threads, prepack, recompute, precision });
  const download = { onDownload: downloadMessages(onEvent), signal };
  const loaded = await loaders.model(named.model, { ...compile, ...download, families: catalogue.families });
  const model = await loaded.forTask(task);
  const config = resolveConfig(model, task, { ...given, ...named, device }, tuned, catalogue);

  const { settings, encoding, tuning, tunings } = config;
  const { seed, data: place = defaultDataFolder() } = settings;
  const examples = await loadTaskData(task, { data: place, seed, ...download });
  const inputs = await inputsOf(task, examples, model, settings);
  const data = await encodeData(model, task, examples, encoding, { signal, catalogue });
  const { train, validation, test } = data;
  const held = `${usedOf('validation', validation, examples)} and ${usedOf('test', test, examples)}`;
  const text = `${task.name} on ${model.name}: ${count(train.length)} training, ${held} examples (${data.note})`;
  onEvent?.({ type: 'message', text });
  if (isUnnamedFolder(settings.data, examples.files)) {
    onEvent?.({ type: 'message', text: `its data are those in ${place}, as no folder is named (--data)` });
  }
  const doubts = [...warningsOf(data), ...fewRowsInWords(validation.targets.length, encoding.maxValidation)];
  for (const told of [...model.warnings, ...doubts]) onEvent?.({ type: 'warning', text: told });
  return { catalogue, config, inputs, model, data, compile, encoding, tuning, tunings };
}

/** "256 of 408 validation" where `--max-validation`, given or the preset's, leaves rows out; "408 validation" else. */
function usedOf(part: 'validation' | 'test', { targets }: ScoredSplit, examples: TaskData): string {
  const all = examples[part].length;
  const used = targets.length === all ? '' : `${count(targets.length)} of `;
  return `${used}${count(all)} ${part}`;
}

/** What to know of the data before anything is trained on them, what is worst first. */
function warningsOf(data: EncodedTask): string[] {
  return [...doubtsInWords(data.findings), ...dataRemarks.flatMap(name => data[name] ?? [])];
}

/** That choices by the validation part are mostly chance, and what helps. */
function fewRowsInWords(rows: number, most: number | undefined): string[] {
  if (rows >= fewRows) return [];
  const helps = most === rows ? `give --max-validation ${fewRows} or more` : 'give more rows, as a part of their own';
  return [
    `the validation part has ${rows === 1 ? '1 row' : `${rows} rows`}, by which the best checkpoint and what a ` +
      `search keeps are chosen: with fewer than ${fewRows} that is mostly chance; ${helps}`,
  ];
}

/** With its search. @throws InputError for a budget that holds no module, and a space there is not */
export function forSearch(prepared: Prepared): Prepared & ResolvedSearchJob {
  const { model, config, catalogue } = prepared;
  return { ...prepared, search: resolveSearch(model, config, catalogue) };
}

/** With what it tunes. @throws InputError where that does not fit the model */
export async function forTuning(prepared: Prepared): Promise<Prepared & { readonly trials: readonly Trial[] }> {
  const { model, data, config, catalogue } = prepared;
  return { ...prepared, trials: await listTrials(model, data, config, catalogue) };
}

/**
 * The method, or the space of the structure file, that says what is tuned; a file that is still to be made says
 * nothing.
 */
async function tunedBy(method: string | undefined, structure: string | undefined): Promise<string | undefined> {
  return structure !== undefined && existsSync(structure) ? await spaceOfGiven(structure) : method;
}

/** Whether a job needs no closer look: what another device holds is not known beforehand. */
function isSafe({ model, data, compile, tuning }: Prepared): boolean {
  if (compile.device !== undefined && compile.device !== 'cpu') return true;
  const longest = data.train.reduce((most, { input }) => Math.max(most, inputLength(input)), 1);
  return surelyFits(model, (tuning.microBatch ?? tuning.batchSize) * longest);
}

/** Tells or throws as `requireMemory`. */
export async function requireMemoryToSearch(job: Prepared & ResolvedSearchJob, { onEvent }: JobContext): Promise<void> {
  if (isSafe(job)) return;
  const processBytes = process.memoryUsage.rss();
  const planned = { ...job, processBytes };
  const need = { peakBytes: largestPeak(planned, draftStages(planned)), processBytes };
  const warning = await requireMemory(need, limit => memoryOptions(planned, undefined, limit));
  if (warning !== undefined) onEvent?.({ type: 'warning', text: warning });
}

/** The same of the trial that trains most. */
export async function requireMemoryToTune(
  job: Prepared & { readonly trials: readonly Trial[] },
  { onEvent }: JobContext,
): Promise<void> {
  if (isSafe(job)) return;
  const processBytes = process.memoryUsage.rss();
  const drafts = job.trials.map(({ structure, tuning }) => {
    const modules = keptModules(structure, job.model, undefined, job.catalogue);
    return { modules, tuning, parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0) };
  });
  const largest = drafts.reduce((most, next) => (next.parameters > most.parameters ? next : most));
  const tuned = { ...job, ...largest, processBytes };
  const need = { peakBytes: draftTuning(tuned).memory.peakBytes, processBytes };
  const warning = await requireMemory(need, limit => tuningOptions(tuned, limit));
  if (warning !== undefined) onEvent?.({ type: 'warning', text: warning });
}

/**
 * What the runtime's word for too little memory means to a user. A limit of the address space is met long before the
 * memory that is held: the runtime reserves far more than it uses.
 * @param rows that go through the model at once
 */
export function withMemoryRemedy(error: unknown, rows: number) {
  if (!(error instanceof InputError) || error.code !== 'not-enough-memory' || error.where !== undefined) return error;
  const space = memoryLimits().find(({ raise }) => raise !== undefined);
  const half = Math.max(1, Math.floor(rows / 2));
  const smaller = `add --micro-batch ${half}, --recompute or --precision int8 (\`s3delta plan\` says what each needs)`;
  const remedy = space === undefined ? smaller : `${space.raise}, or ${smaller}`;
  const what = space === undefined ? error.what : `${error.what}: ${space.name} is reached`;
  return new InputError(what, { code: error.code, where: 'memory', remedy, cause: error });
}
