import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { SettingKey } from '../config/settings.ts';
import { requireAsNoted } from '../files/noted-hashes.ts';
import { readBytesSync } from '../files/regular-file.ts';
import { comparisonFile } from '../jobs/report-job.ts';
import { type ComparisonSummary, type RunState, type RunSummary, shareToCome } from '../report/run-summary.ts';
import { readLastMetrics, readStagesToCome, type StageName } from '../runs/metrics-log.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { isHeld } from '../runs/run-lock.ts';
import { commandToGoOn, type RunStanding, standingOf, standingText, wayOn } from '../runs/run-outcome.ts';
import { optionKeysOf } from '../search/strategies/strategies.ts';
import { shortName } from '../tasks/task-places.ts';
import { searchByTraining } from '../training/stage.ts';

/** Folders deeper than this below the served one are not looked into. */
const deepest = 6;

/** Paths below a folder, relative to it, `/` between names; of comparisons `.` may be the folder itself. */
export interface Found {
  readonly runs: readonly string[];
  readonly comparisons: readonly string[];
}

/** All runs and comparisons below a folder. Links are not followed. */
export function findRuns(root: string): Found {
  const found = { runs: [] as string[], comparisons: [] as string[] };
  lookInto(root, '', 0, found);
  return found;
}

function lookInto(root: string, below: string, depth: number, found: { runs: string[]; comparisons: string[] }): void {
  const entries = list(join(root, below));
  const has = (name: string) => entries.some(entry => entry.name === name && entry.isFile());
  if (below !== '' && has('config.yaml')) found.runs.push(below);
  if (has('compare.json')) found.comparisons.push(below === '' ? '.' : below);
  const folders = entries.filter(entry => entry.isDirectory() && !/^\.|^(checkpoint|node_modules)$/.test(entry.name));
  const deeper = depth < deepest ? folders : [];
  for (const { name } of deeper) lookInto(root, below === '' ? name : `${below}/${name}`, depth + 1, found);
}

/** A folder may vanish, or be another user's, between finding and reading it. */
function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What tells whether a run has changed. */
export interface RunFiles {
  /** Equal as long as no file has changed. */
  readonly fingerprint: string;
  /** When it wrote last, in milliseconds since 1970. */
  readonly changed: number;
  readonly hasResult: boolean;
  /** Whether a file of the run is a link, and so may lead out of the folder. */
  readonly hasLink: boolean;
}

export function inspectRun({
  config,
  metrics,
  history,
  structure,
  result,
  outcome,
  checkpoint,
  stages,
  lock,
}: RunFolder): RunFiles {
  const [inResult, inCheckpoint] = [stat(result), stat(checkpoint)];
  const found = [...[config, metrics, history, structure, outcome].map(stat), inResult, inCheckpoint];
  return {
    fingerprint: found.map(file => (file === undefined ? '-' : `${file.mtimeMs}/${file.size}/${file.ino}`)).join(' '),
    changed: Math.max(0, ...found.map(file => file?.mtimeMs ?? 0)),
    hasResult: inResult !== undefined,
    hasLink: [...found, stat(lock), stat(stages)].some(file => file?.isSymbolicLink() === true),
  };
}

/** Undefined also for what may not be looked at: a folder that one may list is not always one that one may enter. */
function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Keys that make one training another, and one search another: no mean is over runs that differ in one. */
export const trainingKeys = [
  ...(['max-steps', 'retrain-epochs', 'retrain-eval-every', 'batch-size', 'clip-norm'] as const),
  ...(['lr', 'head-lr', 'rates', 'precision', 'warm-start'] as const),
  ...(['max-length', 'max-validation', 'answers', 'sentinel'] as const),
  // What a random structure is drawn from, too.
  ...(['space', 'keep-inert'] as const),
] satisfies readonly SettingKey[];
export const searchKeys: readonly SettingKey[] = [
  ...(['strategy', 'epochs', 'search-steps', 'eval-every'] as const),
  ...(Object.keys(optionKeysOf()) as SettingKey[]),
];
/** So many bytes at a log's end hold its last lines. */
const tailBytes = 16_384;

/** Whatever is wrong with a file, the list has one word for it: where it stands in the file is not worked out. */
const quick = { prettyErrors: false };

/** What the list shows of `config.yaml`; whatever else stands there may be another version's. */
const configKeys = z.looseObject({
  task: z.string().catch(''),
  model: z.string().catch(''),
  seed: z.number().nullable().catch(null),
  method: z.string().optional().catch(undefined),
  structure: z.string().optional().catch(undefined),
  retrain: z.boolean().catch(true),
  'random-baseline': z.boolean().catch(false),
});

/** And of `result.json`. */
const resultKeys = z.object({
  task: z.string(),
  model: z.string(),
  budget: z.object({ fraction: z.number() }),
  structure: z.object({
    modules: z.number(),
    parameters: z.number(),
    source: z.object({ tasks: z.array(z.string()) }).optional(),
  }),
  data: z.object({ train: z.number(), test: z.number() }).optional(),
  score: z.object({ metric: z.string(), validation: z.number(), test: z.number() }).optional(),
});

/** A run's line in the list. A file that cannot be read makes it a damaged one, not an error; links are not read. */
export function summarize(id: string, folder: RunFolder, isAtWork: boolean, files: RunFiles): RunSummary {
  const { changed } = files;
  try {
    if (files.hasLink) throw new Error('a link may lead out of the folder');
    const standing = standingOf(folder);
    const state = stateOf(standing, isAtWork);
    const config = configKeys.parse(parse(readBytesSync(folder.config).toString(), quick) ?? {});
    const method = config.method ?? (config.structure === undefined ? 'search' : 'structure');
    const { task, model, seed } = config;
    const begun = {
      ...{ id, state, changed, task: shortName(task), model: shortName(model), method, seed },
      settings: settingsOf(config, method === 'search' ? [...searchKeys, ...trainingKeys] : trainingKeys, folder),
      stages: stagesOf(config, method),
      ...(state !== 'finished' && state !== 'running' && { ended: endOf(folder, standing) }),
    };
    const progress = state === 'finished' ? undefined : progressOf(folder, standing);
    if (!files.hasResult) return { ...begun, ...(progress && { progress }) };
    const bytes = readBytesSync(folder.result);
    requireAsNoted(folder.result, bytes);
    const result = resultKeys.parse(JSON.parse(bytes.toString()));
    const { parameters, modules } = result.structure;
    const found = result.structure.source?.tasks.join('+') ?? '';
    const source = found === '' && method === 'search' ? result.task : found;
    return {
      ...begun,
      // Of a structure that no run has found its file alone tells which it is.
      ...(source === '' && config.structure && { settings: { ...begun.settings, structure: config.structure } }),
      ...{ task: result.task, model: result.model, parameters, modules, budget: result.budget.fraction },
      ...result.score,
      ...(result.data && { examples: result.data }),
      ...(source !== '' && { source }),
      ...(progress && { progress }),
    };
  } catch {
    return { id, state: 'damaged', changed, task: '', model: '', method: '', seed: null };
  }
}

/** A run of another machine, of which its files alone tell, has stopped where they have not changed for long. */
function stateOf({ state }: RunStanding, isAtWork: boolean): RunState {
  if (isAtWork && state !== 'finished') return 'running';
  return state === 'unknown' || state === 'running' ? 'stopped' : state;
}

function endOf(folder: RunFolder, standing: RunStanding): RunSummary['ended'] {
  const goOn = commandToGoOn(folder, standing);
  return { text: standingText(standing), ...(goOn !== undefined && { goOn, wayOn: wayOn(standing) }) };
}

function settingsOf(
  config: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  { metrics }: RunFolder,
): Record<string, string> {
  const idle = epochsCutShort(config, metrics);
  const said = keys.filter(key => !idle.includes(key) && ['string', 'number', 'boolean'].includes(typeof config[key]));
  return Object.fromEntries(said.map(key => [key, String(config[key])]));
}

/** A stage's epochs, and what may end it before them. */
const lengths = [
  { stage: 'search', epochs: 'epochs', limits: ['max-steps', 'search-steps'] },
  { stage: 'retrain', epochs: 'retrain-epochs', limits: ['max-steps'] },
];

/**
 * Epochs of stages that a limit of steps has ended: they tell no run from another then. Those of a search that is as
 * long as suits its training never do.
 */
function epochsCutShort(config: Readonly<Record<string, unknown>>, metrics: string): string[] {
  if (!lengths.some(({ limits }) => limits.some(key => key in config))) return [];
  const lines = readLastMetrics(metrics, tailBytes);
  return lengths.flatMap(({ stage, epochs, limits }) => {
    if (limits.some(key => config[key] === searchByTraining)) return [epochs];
    const last = lines.findLast(line => line.stage === stage);
    // Short trainings may follow the search's own steps, the last of which has a line.
    return limits.some(key => last !== undefined && [last.steps, last.step].includes(config[key] as number))
      ? [epochs]
      : [];
  });
}

function stagesOf(config: z.infer<typeof configKeys>, method: string): string[] {
  const { retrain: trains, 'random-baseline': compares } = config;
  const does = { search: method === 'search', retrain: trains, random: trains && compares, test: trains };
  return Object.entries(does).flatMap(([stage, isDone]) => (isDone ? [stage] : []));
}

/** As its log has it, and of one that was stopped between two lines as its last process has said. */
function progressOf(folder: RunFolder, { place }: RunStanding): RunSummary['progress'] {
  if (place === undefined) return undefined;
  const { stage, step, steps } = place;
  const lines = readLastMetrics(folder.metrics, tailBytes).filter(line => line.stage === stage);
  const last = lines.at(-1);
  const planned = readStagesToCome(folder, { stage: stage as StageName, ...(last?.trial && { trial: last.trial }) });
  const later = planned && shareToCome(planned.stages, planned.place);
  const begun = { stage, step, steps, ...(later !== undefined && { later }) };
  if (last === undefined) return begun;
  if (last.step < step) return { ...begun, ...(last.score !== undefined && { validated: last.step }) };
  const before = lines.findLast(line => line.trial === last.trial && line.step < step);
  return { ...begun, seconds: last.seconds, every: step - (before?.step ?? 0) };
}

/** What has changed in the list since a version of it. */
interface Changes {
  readonly version: number;
  readonly runs: readonly RunSummary[];
  readonly removed: readonly string[];
  /** All of them; undefined where none has changed. */
  readonly comparisons?: readonly ComparisonSummary[];
}

/** The runs below a folder, as they were when it was last looked at. */
export interface RunIndex {
  /** The number of the newest change; 0 before the first look. */
  readonly version: number;
  /** Looks at the folder again; true where something has changed. */
  refresh(): boolean;
  /** Everything that is newer than the version given; 0 is before all. */
  changesSince(version: number): Changes;
  /** The folder of a run in the list, or undefined. No other path can be had through it. */
  pathOf(id: string): string | undefined;
  /** The same of a comparison. */
  pathOfComparison(id: string): string | undefined;
}

/**
 * While it trains, a run saves its state once a minute; one of another machine that has not for longer is taken to have
 * stopped.
 */
const silentMilliseconds = 150_000;

interface Entry {
  readonly fingerprint: string;
  readonly version: number;
  readonly summary: RunSummary;
}

export function createRunIndex(root: string, now: () => number = Date.now): RunIndex {
  const entries = new Map<string, Entry>();
  const removals = new Map<string, number>();
  let comparisons: readonly ComparisonSummary[] = [];
  let comparisonsVersion = 0;
  let version = 0;

  function refresh(): boolean {
    const next = version + 1;
    const { runs: found, comparisons: foundComparisons } = findRuns(root);
    const present = new Set(found);
    let changed = false;
    for (const id of entries.keys()) {
      if (present.has(id)) continue;
      entries.delete(id);
      removals.set(id, next);
      changed = true;
    }
    for (const id of found) {
      const folder = runFolder(join(root, id));
      const files = inspectRun(folder);
      const isAtWork = isHeld(folder) ?? now() - files.changed < silentMilliseconds;
      const fingerprint = `${isAtWork} ${files.fingerprint}`;
      if (entries.get(id)?.fingerprint === fingerprint) continue;
      const summary = summarize(id, folder, isAtWork, files);
      entries.set(id, { fingerprint, version: next, summary });
      removals.delete(id);
      changed = true;
    }
    const compared = foundComparisons.flatMap(id => summarizeComparison(root, id));
    if (JSON.stringify(compared) !== JSON.stringify(comparisons)) {
      comparisons = compared;
      comparisonsVersion = next;
      changed = true;
    }
    if (changed) version = next;
    return changed;
  }

  return {
    get version() {
      return version;
    },
    refresh,
    changesSince: since => ({
      version,
      runs: [...entries.values()].filter(entry => entry.version > since).map(({ summary }) => summary),
      removed: [...removals].flatMap(([id, at]) => (at > since ? [id] : [])),
      ...(comparisonsVersion > since && { comparisons }),
    }),
    pathOfComparison: id =>
      comparisons.some(each => each.id === id) && isWithin(root, id, comparisonFile(join(root, id)))
        ? join(root, id)
        : undefined,
    pathOf: id => (entries.has(id) && liesWithin(root, id) ? join(root, id) : undefined),
  };
}

/** Whether neither a folder on the way nor a file of the run is a link: asked anew, as both may have come since. */
function liesWithin(root: string, id: string): boolean {
  const path = join(root, id);
  try {
    return realpathSync(path) === join(realpathSync(root), id) && !inspectRun(runFolder(path)).hasLink;
  } catch {
    // It has been removed meanwhile.
    return false;
  }
}

/** Nothing where the file has gone meanwhile. */
function summarizeComparison(root: string, id: string): ComparisonSummary[] {
  const found = lstatSync(comparisonFile(join(root, id)), { throwIfNoEntry: false });
  return found === undefined ? [] : [{ id, changed: found.mtimeMs }];
}

/** Whether a file of a folder in the list is no link, and no folder on the way to it. */
function isWithin(root: string, id: string, file: string): boolean {
  try {
    return realpathSync(join(root, id)) === join(realpathSync(root), id) && lstatSync(file).isFile();
  } catch {
    return false;
  }
}
