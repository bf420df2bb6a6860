import { existsSync } from 'node:fs';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireFrozenWeights, requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings, type JobConfig, resolveConfig } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { doubtsInWords, InputError } from '../core/errors.ts';
import { inputLength } from '../core/program.ts';
import { dataRemarks, type EncodedTask, encodeData } from '../library/encode-task.ts';
import { type ResolvedSearch, resolveSearch, searchProblem } from '../library/search-structure.ts';
import { memoryLimits } from '../machine/memory-limits.ts';
import type { Model } from '../models/model.ts';
import { memoryOptions, requireMemory, surelyFits, tuningOptions } from '../plan/memory-options.ts';
import { draftStages, draftTuning, largestPeak } from '../plan/stage-plan.ts';
import type { RunInputs } from '../runs/inputs.ts';
import type { CompileSettings } from '../runtime/session.ts';
import { spaceOfGiven } from '../structure/authors-structure.ts';
import { readBudget } from '../structure/budget.ts';
import { keptModules } from '../structure/structure-file.ts';
import { loadTaskData } from '../tasks/task.ts';
import { defaultDataFolder, isUnnamedFolder, requireDataFolder } from '../tasks/task-places.ts';
import { downloadMessages, freshLoaders, type JobContext } from './job-events.ts';
import { inputsOf } from './run-inputs.ts';
import { listTrials, type Trial } from './trials.ts';

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
  const held = `${validation.targets.length} validation and ${test.targets.length} test`;
  const text = `${task.name} on ${model.name}: ${train.length} training, ${held} examples (${data.note})`;
  onEvent?.({ type: 'message', text });
  if (isUnnamedFolder(settings.data, examples.files)) {
    onEvent?.({ type: 'message', text: `its data are those in ${place}, as no folder is named (--data)` });
  }
  for (const told of [...model.warnings, ...warningsOf(data)]) onEvent?.({ type: 'warning', text: told });
  return { catalogue, config, inputs, model, data, compile, encoding, tuning, tunings };
}

/** What to know of the data before anything is trained on them, what is worst first. */
function warningsOf(data: EncodedTask): string[] {
  return [...doubtsInWords(data.findings), ...dataRemarks.flatMap(name => data[name] ?? [])];
}

/** With its search. @throws InputError for a budget that holds no module, and a space there is not */
export async function forSearch(prepared: Prepared): Promise<Prepared & ResolvedSearchJob> {
  const { model, data, config, catalogue } = prepared;
  const search = resolveSearch(model, config, catalogue);
  await search.strategy.check?.(searchProblem(search, data.train, model.fingerprint), search.options);
  return { ...prepared, search };
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
