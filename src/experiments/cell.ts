import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { compileSettings } from '../config/job-config.ts';
import { withAbsolutePaths } from '../config/parse-settings.ts';
import type { Settings } from '../config/settings.ts';
import { freshLoaders, type JobContext } from '../jobs/job-events.ts';
import { runSearchJob, runTrainJob } from '../jobs/run-job.ts';
import { sourceOf } from '../jobs/trials.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { drawStructure } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import type { ComparedRun } from '../report/comparison.ts';
import { type RunResult, readResult } from '../runs/result.ts';
import { runFolder } from '../runs/run-folder.ts';
import { untilReleased } from '../runs/run-lock.ts';
import { atBudget, meanStructure } from '../search/choose-structure.ts';
import { parseBudget } from '../structure/budget.ts';
import { type Mapping, mapStructure } from '../structure/map-structure.ts';
import { readStructure, type Structure, writeStructure } from '../structure/structure-file.ts';

/** One run of an experiment. Plain data, so that another process can do it. */
export interface Cell extends Omit<ComparedRun, 'result'> {
  /** An ordinary run folder. */
  readonly folder: string;
  readonly job: 'search' | 'train';
  readonly settings: Settings;
  /** The structure to train, where it has to be made of others first. */
  readonly derive?: Derivation;
}

/** A cell in words, e.g. `rte found 1.39bp seed 3`. */
export function cellName({ task, method, variant, budget, seed }: Cell): string {
  return [task, method, variant, budget, `seed ${seed}`].filter(Boolean).join(' ');
}

/** What a cell has in common with those that differ from it by their seed alone. */
export function cellKind({
  task,
  method,
  variant,
  budget,
}: Pick<Cell, 'task' | 'method' | 'variant' | 'budget'>): string {
  return JSON.stringify([task, method, variant, budget]);
}

/** Folder of a cell: `<out>/<task>/<method>[-<variant>][-<budget>]/seed-<n>`. */
export function cellFolder(
  out: string,
  { task, method, variant, budget, seed }: Pick<Cell, 'task' | 'method' | 'variant' | 'budget' | 'seed'>,
): string {
  const name = [method, variant, budget].filter(Boolean).join('-');
  return join(out, fileName(task), fileName(name), `seed-${seed}`);
}

/** Keys that say how a run computes, not what. */
export const computingKeys: readonly string[] = ['threads', 'device', 'plugins'];

/**
 * What names a cell wherever it is done: a hash of its name and settings, of which another makes another cell, and how
 * it computes does not. 32 characters, in any process and working folder the same.
 */
export function cellId({ task, method, variant, budget, seed, job, settings, derive }: Cell): string {
  const what = Object.entries(withAbsolutePaths(settings)).filter(([key]) => !computingKeys.includes(key));
  // A structure that is still to be made is named by what it is made of.
  const made = derive && { ...derive, ...('from' in derive && { from: derive.from.map(resolved) }), to: null };
  const said = { task, method, variant, budget, seed, job, ...{ settings: Object.fromEntries(what), derive: made } };
  if (derive !== undefined) delete said.settings.structure;
  return createHash('sha256').update(JSON.stringify(said, inOrder)).digest('hex').slice(0, 32);
}

const resolved = (files: readonly string[]) => files.map(file => resolve(file));

/** For `JSON.stringify`: objects with their keys in order. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The text with everything that a file name can not have, or had better not have, as a dash. */
export function fileName(text: string): string {
  return text.replace(/^\.+|[^\p{Letter}\p{Number}_.%‰‱]+/gu, '-');
}

/** The result of a cell that is done; undefined where it is still to do. */
export async function cellResult({ folder, settings }: Cell): Promise<RunResult | undefined> {
  const result = await readResult(runFolder(folder).result);
  return result?.score === undefined && settings.retrain !== false ? undefined : result;
}

/** Does a cell, going on with what stands in its folder. */
export async function runCell(cell: Cell, context: JobContext): Promise<RunResult> {
  if (cell.derive !== undefined) {
    const { loaders = freshLoaders } = context;
    const catalogue = openPlugins(cell.settings.plugins, context.catalogue);
    const device = await loaders.device(cell.settings.device);
    const model = await loaders.model(cell.settings.model!, {
      ...compileSettings({ ...cell.settings, device }),
      families: catalogue.families,
    });
    await deriveStructure(cell.derive, model, catalogue);
  }
  // A worker of an experiment that was killed may still end its step here.
  const tell = (text: string) => context.onEvent?.({ type: 'message', text });
  const { signal } = context;
  await asInterrupted(signal, () => untilReleased(runFolder(cell.folder), { signal, tell }));
  const job = { search: runSearchJob, train: runTrainJob }[cell.job];
  const { result } = await job(cell.settings, { ...context, out: cell.folder, resume: true });
  return result;
}

/** How a structure is made before it is trained. Plain data, so that another process can do it. */
export type Derivation = MeanDerivation | DrawDerivation;

/** One drawn at random from a space. */
interface DrawDerivation {
  readonly by: 'draw';
  readonly space: string;
  /** As a user writes it. */
  readonly budget: string;
  readonly keepInert: boolean;
  readonly seed: number;
  /** Number of the draw: a seed has as many as are asked for. */
  readonly draw: number;
  /** The structure file to write. */
  readonly to: string;
}

/** One made of others: their mean, and what fits a budget of it. */
interface MeanDerivation {
  readonly by: 'mean';
  /** Structure files in groups (a task's seeds): they are averaged within a group, then over the groups. */
  readonly from: readonly (readonly string[])[];
  /** As a user writes it. */
  readonly budget: string;
  readonly keepInert: boolean;
  /** Carry it over to the model that is to be trained, where it was found on another. */
  readonly map?: Mapping;
  /** The structure file to write. */
  readonly to: string;
}

/** Files that have to be there before the structure can be made. */
export function filesBefore(derivation: Derivation): readonly string[] {
  return 'from' in derivation ? derivation.from.flat() : [];
}

/**
 * Makes the structure in memory.
 * @param model the one that is to be trained
 * @throws InputError for files that are no structures or do not go together, and a budget that holds no module
 */
export function derivedStructure(derivation: Derivation, model: Model, catalogue?: Catalogue): Promise<Structure> {
  return derivation.by === 'draw' ? drawn(derivation, model, catalogue) : meanOf(derivation, model, catalogue);
}

async function drawn(
  { seed, draw, space, budget, keepInert }: DrawDerivation,
  model: Model,
  catalogue?: Catalogue,
): Promise<Structure> {
  return drawStructure(model, { space, budget, 'keep-inert': keepInert, seed }, draw, catalogue);
}

async function meanOf(
  { from, budget, keepInert, map }: MeanDerivation,
  model: Model,
  catalogue?: Catalogue,
): Promise<Structure> {
  const groups = await Promise.all(from.map(files => Promise.all(files.map(readStructure))));
  const sources = await Promise.all(
    groups.flatMap((group, i) => group.map((structure, j) => sourceOf(from[i]![j]!, structure))),
  );
  // Each group counts alike, however many are in it.
  const weights = groups.flatMap(group => group.map(() => 1 / group.length));
  const mean = meanStructure(groups.flat(), weights);
  const carried = map === undefined ? mean : mapStructure(mean, model, catalogue);
  const tasks = [...new Set(sources.flatMap(source => source.tasks))];
  const chosen = atBudget(carried, parseBudget(budget, model.parameters), keepInert);
  return { ...chosen, source: { tasks, files: sources.flatMap(source => source.files) } };
}

/** Makes the structure and writes it, once. */
async function deriveStructure(derivation: Derivation, model: Model, catalogue?: Catalogue): Promise<void> {
  if (existsSync(derivation.to)) return;
  const structure = await derivedStructure(derivation, model, catalogue);
  await mkdir(dirname(derivation.to), { recursive: true });
  await writeStructure(derivation.to, structure);
}
