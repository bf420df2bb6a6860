import { rm } from 'node:fs/promises';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { formatConfigFile, pluginsIn, readRecordedSettings } from '../config/config-file.ts';
import { withAbsolutePaths } from '../config/parse-settings.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { SettingKey, Settings } from '../config/settings.ts';
import { DivergedError, InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { removeUnfinished, writeFileWhole } from '../files/write-whole.ts';
import { provenance } from '../library/provenance.ts';
import { interruption } from '../library/run-to-end.ts';
import { type RunInputs, writeRunInputs } from '../runs/inputs.ts';
import { repairMetrics } from '../runs/metrics-log.ts';
import { createRunFolder, type RunFolder, requireFreshFolder, requireRun } from '../runs/run-folder.ts';
import { requireNotHeld, whileHolding } from '../runs/run-lock.ts';
import {
  commandToBeginAnew,
  outcomeOf,
  type RunOutcome,
  type RunPlace,
  readOutcome,
  removeOutcome,
  requireFilesAsLeft,
  requireNotDiverged,
  writeOutcome,
} from '../runs/run-outcome.ts';
import { repairHistory } from '../runs/search-history.ts';
import { bilevel } from '../search/strategies/bilevel/bilevel.ts';
import { strategyNamed } from '../search/strategies/strategies.ts';
import { isTaskFile } from '../tasks/task-places.ts';
import type { JobContext, JobEvent } from './job-events.ts';
import { requireInputsOfRun, withMemoryRemedy } from './prepare.ts';

/** Keys that say how a run computes, and where its plugins lie now, not what: they may change when it is resumed. */
const changeable: readonly SettingKey[] = ['threads', 'device', 'out', 'plugins'];

/**
 * The settings to go on with: those given, or, when resuming a run, those it was begun with. Touches no file.
 * @throws InputError where the folder holds another run, or the resumed run was begun with other settings
 */
export function settingsOfRun(given: Settings, folder: RunFolder, resume: boolean, catalogue?: Catalogue): Settings {
  requireNotHeld(folder);
  if (!resume) {
    requireFreshFolder(folder);
    return given;
  }
  requireNotDiverged(folder);
  // Nothing was written yet when the run was stopped: begin it.
  if (!isThere(folder.config)) return given;
  const begun = settingsBegunWith(folder, given, catalogue);
  requireWholeConfig([given.task ?? begun.task, given.model ?? begun.model], folder);
  requireTaskFile(begun.task, folder, 'write its place there, then resume');
  requireSameSettings(given, begun, folder);
  return { ...begun, ...given };
}

/**
 * What stands in the folder's config.yaml. One that names no strategy is of a version that had one alone, and options
 * that an earlier version had not got are as it searched without them.
 */
function settingsBegunWith(
  { config }: RunFolder,
  { plugins }: Settings,
  catalogue: Catalogue = builtIn,
  reading: Parameters<typeof readRecordedSettings>[2] = {},
): Settings {
  const known = openPlugins(plugins ?? pluginsIn(config), catalogue);
  const recorded = { strategy: bilevel.name, ...readRecordedSettings(config, known, reading) };
  return { ...strategyNamed(recorded.strategy, known.strategies).unsaid?.(recorded), ...recorded };
}

/** Lists are equal where what they hold is. */
const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** @throws InputError naming the file where it does not say what every run has, and nothing else does */
function requireWholeConfig(names: readonly (string | undefined)[], { config }: RunFolder): void {
  const lacking = ['task', 'model'].filter((_, i) => names[i] === undefined);
  if (lacking.length === 0) return;
  throw new InputError(
    `this run's config.yaml names no ${lacking.join(' and no ')}: it is empty, or of something else`,
    {
      code: 'unreadable-config',
      where: config,
      remedy: `put back the file as the run has written it, or give ${lacking.map(key => `--${key}`).join(' and ')}`,
    },
  );
}

function requireSameSettings(given: Settings, begun: Settings, folder: RunFolder): void {
  const [now, then] = [given, begun].map(withAbsolutePaths) as [Settings, Settings];
  for (const key of Object.keys(given) as SettingKey[]) {
    if (changeable.includes(key) || isEqual(now[key], then[key])) continue;
    throw new InputError(`the run was begun with \`${key}\` ${begun[key] ?? 'unset'}, not ${given[key]}`, {
      code: 'other-settings',
      where: folder.config,
      remedy: `leave --${key} out to resume it, or begin another run with another --out`,
    });
  }
}

/** What a run is begun with. */
export interface BegunWith {
  readonly settings: ResolvedSettings;
  readonly inputs: RunInputs;
}

/**
 * Writes the folder's config.yaml: from here on the run exists. A resumed run's logs are made whole. The caller holds
 * the folder (`whileHolding`). Another device than before is a warning: it changes no more than the last digits.
 * @returns how the run ended when it was last worked on, where it has said so
 * @throws InputError where another process has begun another run there since the settings were read, and where data,
 * task, model or what it has left are not as they were
 */
export async function beginRun(
  folder: RunFolder,
  { settings, inputs }: BegunWith,
  { onEvent, catalogue }: JobContext = {},
): Promise<RunOutcome | undefined> {
  await createRunFolder(folder);
  for (const path of [folder.path, folder.checkpoint]) await removeUnfinished(path);
  const before = readOutcome(folder);
  if (isThere(folder.config)) {
    const begun = settingsBegunWith(folder, settings, catalogue);
    requireSameSettings(settings, begun, folder);
    await requireInputsOfRun(folder, inputs, openPlugins(settings.plugins, catalogue));
    if (begun.device !== settings.device) {
      const text =
        `the run was begun on ${begun.device} and now continues on ${settings.device}: its numbers ` +
        'differ in their last digits from those of one device';
      onEvent?.({ type: 'warning', text });
    }
    for (const name of await requireFilesAsLeft(folder)) {
      onEvent?.({ type: 'warning', text: `${name} is not there any more, and what stood in it is lost` });
    }
    // Before anything is written: what is noted there holds no more.
    await removeOutcome(folder);
    await repairMetrics(folder.metrics);
    await repairHistory(folder.history);
  } else await writeFileWhole(folder.config, formatConfigFile(settings, provenance(settings.device), folder.config));
  // Absent too in what an early version has begun, or where it was killed right here.
  if (!isThere(folder.inputs)) await writeRunInputs(folder, inputs);
  return before;
}

/**
 * The settings that a run was begun with, and over them those that are to differ.
 * @param options.needsFile whether the file of its task must be there, as its data lie beside it
 * @throws InputError where the folder holds no run, or the file of its task is not where it was
 */
export function recordedSettings(
  folder: RunFolder,
  changes: Settings,
  catalogue?: Catalogue,
  { needsFile = true }: { readonly needsFile?: boolean } = {},
): Settings {
  requireRun(folder);
  const begun = settingsBegunWith(folder, changes, catalogue, { searches: false });
  requireWholeConfig([changes.task ?? begun.task, changes.model ?? begun.model], folder);
  if (changes.task === undefined && needsFile) {
    requireTaskFile(begun.task, folder, 'give its place with --task, or write it there');
  }
  return { ...begun, ...changes };
}

/**
 * Makes sure that the task's file is still there.
 * @param remedy what to do where it has moved
 * @throws InputError naming config.yaml, where its place stands
 */
function requireTaskFile(task: string | undefined, folder: RunFolder, remedy: string): void {
  if (task === undefined || !isTaskFile(task) || isThere(task)) return;
  throw new InputError(`the run's task file is not there any more: ${task}`, {
    code: 'missing-task-file',
    where: folder.config,
    remedy,
  });
}

/**
 * Does a run's work as the only process in its folder. Whatever ends it, the folder then says how (`outcome.json`): who
 * reads it later need not guess. A process that is killed leaves no word, and that is one, too.
 * @param work is told how the run ended before, where it goes on with one
 * @throws whatever the work throws; a DivergedError with the command that begins the run anew
 */
export function inRunFolder<T>(
  folder: RunFolder,
  begun: BegunWith,
  options: JobContext,
  work: (context: JobContext, before: RunOutcome | undefined) => Promise<T>,
): Promise<T> {
  const hold = async () => {
    const before = await beginRun(folder, begun, options);
    let place: RunPlace | undefined;
    const onEvent = (event: JobEvent) => {
      place = placeAfter(event, place);
      options.onEvent?.(event);
    };
    try {
      const result = await work({ ...options, onEvent }, before);
      await writeOutcome(folder, { ended: 'finished' });
      await rm(folder.checkpoint, { recursive: true, force: true });
      return result;
    } catch (thrown) {
      const { 'micro-batch': microBatch, 'batch-size': batchSize } = begun.settings;
      const error = withMemoryRemedy(thrown, microBatch ?? batchSize);
      const { signal } = options;
      const ended = outcomeOf(interruption(signal, error), signal);
      // Where the disk takes no more, that is what is told already.
      await writeOutcome(folder, { ...ended, ...(place && { place }) }).catch(() => {});
      throw error instanceof DivergedError ? withNewBeginning(error, folder) : error;
    }
  };
  return whileHolding(folder, hold, options.signal);
}

function placeAfter(event: JobEvent, before: RunPlace | undefined): RunPlace | undefined {
  if (event.type === 'stage') return { stage: event.stage, step: 0, steps: 0 };
  if (event.type !== 'step' && event.type !== 'evaluation') return before;
  const { stage, step, steps } = event;
  return { stage, step, steps };
}

/** To lower the rate and go on is not possible: a resumed run keeps its settings, and would end as this one. */
function withNewBeginning({ what, code, where, remedy, cause }: DivergedError, folder: RunFolder): DivergedError {
  const anew = `a run keeps its learning rate, so start anew: ${commandToBeginAnew(folder)}`;
  return new DivergedError(what, { code, where, cause, remedy: [remedy, anew].filter(Boolean).join('; ') });
}
