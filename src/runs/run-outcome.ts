import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { readYamlKeys } from '../config/config-file.ts';
import { learningRate } from '../config/resolve.ts';
import { DivergedError, InputError, InterruptedError, StorageError, stoppedBy } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import { hashesOf, notedHashes, requireFileAsNoted } from '../files/noted-hashes.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { builtInModel } from '../models/built-in.ts';
import { readLastMetrics } from './metrics-log.ts';
import type { RunFolder } from './run-folder.ts';
import { isHeld } from './run-lock.ts';

/** Where a run stands: steps done of a stage. */
const runPlace = z.object({ stage: z.string(), step: z.number(), steps: z.number() });
export type RunPlace = Readonly<z.infer<typeof runPlace>>;

/** The content of `outcome.json`, which a run's last process leaves: how it ended. None is there while one works. */
const runOutcome = z.object({
  ended: z.enum(['finished', 'stopped', 'failed']),
  at: z.string(),
  place: runPlace.optional(),
  /** Who asked it to stop: a signal, or in words. */
  by: z.string().optional(),
  error: z.object({ code: z.string().optional(), message: z.string() }).optional(),
  /** SHA-256 of its files, as they were left (`files/noted-hashes.ts`). */
  files: z.record(z.string(), z.string()).optional(),
});
export type RunOutcome = Readonly<z.infer<typeof runOutcome>>;

/**
 * How a run stands: `killed` where no process works on it and none has said how it ended; `unknown` where another
 * machine's process may be at work.
 */
export interface RunStanding extends Partial<Omit<RunOutcome, 'ended' | 'at' | 'files'>> {
  readonly state: RunOutcome['ended'] | 'running' | 'killed' | 'unknown';
}

/** What to note of a run whose work has thrown. */
export function outcomeOf(error: unknown, signal: AbortSignal | undefined): Pick<RunOutcome, 'ended' | 'by' | 'error'> {
  if (error instanceof InterruptedError) return { ended: 'stopped', by: stoppedBy(signal) };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof InputError || error instanceof StorageError ? { code: error.code } : {};
  return { ended: 'failed', error: { ...code, message } };
}

/** Results and logs, and the parameters that they tell of. A config may be changed by hand, where things have moved. */
const noted = (folder: RunFolder): string[] => {
  const { inputs, metrics, history, structure, delta, result } = folder;
  return [inputs, metrics, history, structure, delta, result].map(path => basename(path));
};

/** Notes how a run has ended, with hashes of what it leaves. */
export async function writeOutcome(folder: RunFolder, ended: Omit<RunOutcome, 'at' | 'files'>): Promise<void> {
  const files = await hashesOf(folder.path, noted(folder));
  await placeOutcome(folder, { ...ended, at: new Date().toISOString(), files });
}

/** The same end, of files that were rewritten on their way from another machine. */
export async function noteFilesAnew(folder: RunFolder): Promise<void> {
  const outcome = readOutcome(folder);
  if (outcome === undefined) return;
  await placeOutcome(folder, { ...outcome, files: await hashesOf(folder.path, noted(folder)) });
}

function placeOutcome({ outcome }: RunFolder, content: RunOutcome): Promise<void> {
  return writeFileWhole(outcome, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Makes sure that what a run has left is as it was.
 * @returns names of logs that are not there any more; what else is gone is made again
 * @throws InputError naming the file that is not
 */
export async function requireFilesAsLeft({ path, metrics, history }: RunFolder): Promise<string[]> {
  const files = Object.keys(notedHashes(path)).map(name => join(path, name));
  for (const file of files.filter(isThere)) await requireFileAsNoted(file);
  return files.filter(file => [metrics, history].includes(file) && !isThere(file)).map(file => basename(file));
}

/** From here on a process is at work again. */
export function removeOutcome({ outcome }: RunFolder): Promise<void> {
  // Nothing of ours is a folder there; whatever it is, it says nothing of the run.
  return rm(outcome, { force: true, recursive: true });
}

/** How the run ended when it was last worked on; undefined where nothing, or nothing that can be read, says so. */
export function readOutcome({ outcome }: RunFolder): RunOutcome | undefined {
  if (!isThere(outcome)) return undefined;
  try {
    return runOutcome.parse(JSON.parse(readBytesSync(outcome).toString()));
  } catch {
    return undefined;
  }
}

/** How a run stands, by the files of its folder. */
export function standingOf(folder: RunFolder): RunStanding {
  const held = isHeld(folder);
  if (held === true) return { state: 'running', ...placeByFiles(folder) };
  const outcome = readOutcome(folder);
  if (outcome !== undefined) {
    const { ended: state, at: _at, files: _files, ...rest } = outcome;
    // Of what is over nobody asks where it stands: a list of a thousand runs need not read their logs.
    return { ...(state !== 'finished' && placeByFiles(folder)), ...rest, state };
  }
  // Runs of versions before 0.2 have left no word.
  if (isThere(folder.result) && !isThere(folder.checkpoint) && !lacksScore(folder)) return { state: 'finished' };
  return { state: held === undefined ? 'unknown' : 'killed', ...placeByFiles(folder) };
}

/** So many bytes at a log's end hold its last line. */
const TAIL_BYTES = 16_384;

/** As far as its files tell: the last line of its log, or the beginning of a stage that has had none. */
function placeByFiles(folder: RunFolder): { place?: RunPlace } {
  const last = isThere(folder.metrics) ? readLastMetrics(folder.metrics, TAIL_BYTES).at(-1) : undefined;
  if (isThere(folder.result) && lacksScore(folder) && (last?.stage ?? 'search') === 'search') {
    return { place: { stage: 'retrain', step: 0, steps: 0 } };
  }
  return last === undefined ? {} : { place: { stage: last.stage, step: last.step, steps: last.steps } };
}

/** Whether a re-training is to come of which the result knows nothing. */
function lacksScore({ result, config }: RunFolder): boolean {
  try {
    const { score } = JSON.parse(readBytesSync(result).toString()) as { score?: unknown };
    return score === undefined && keysOf(config).retrain !== false;
  } catch {
    return false;
  }
}

function keysOf(config: string): Readonly<Record<string, unknown>> {
  return (readYamlKeys(config) ?? {}) as Record<string, unknown>;
}

const stageWords: Readonly<Record<string, string>> = {
  search: 'the search',
  retrain: 'the training',
  random: 'the training of a random structure',
};

/** A stage in a sentence: `the search`. */
export const stageInWords = (stage: string): string => stageWords[stage] ?? stage;

/** `stopped by SIGINT in the training, after step 40 of 100`. */
export function standingText({ state, place, by, error }: RunStanding): string {
  const stage = place && stageInWords(place.stage);
  const step = place !== undefined && place.steps > 0 ? `, after step ${place.step} of ${place.steps}` : '';
  const at = stage === undefined ? '' : ` in ${stage}${step}`;
  switch (state) {
    case 'finished':
      return 'finished';
    case 'running':
      return `at work${at}`;
    case 'stopped':
      return `stopped${by === undefined ? '' : ` by ${by}`}${at}`;
    case 'failed':
      return `failed${at}${error === undefined ? '' : `: ${error.message}`}`;
    case 'killed':
      return `killed${at}: its process is no more, and left no word`;
    case 'unknown':
      return `left${at}, or another machine is at work on it`;
  }
}

/** What the command of `commandToGoOn` does: a run that has diverged would only do so again. */
export function wayOn({ error }: RunStanding): string {
  return error?.code === 'diverged' ? 'start anew with' : 'go on with';
}

/**
 * The exact command that goes on with a run, or where that would end as before, begins another; none where it is over.
 */
export function commandToGoOn(folder: RunFolder, { state, error }: RunStanding): string | undefined {
  if (state === 'finished' || state === 'running') return undefined;
  return error?.code === 'diverged'
    ? commandToBeginAnew(folder)
    : `s3delta ${commandOf(folder)} --resume --out ${shellWord(folder.path)}`;
}

/** How many times the usual rate is still worth a try. */
const boldest = 10;

/**
 * The same run with a third of its learning rate, in a folder of its own: a resumed run keeps its settings. A third of
 * a slip of the pen would diverge again, so it is never far above what is usual for the model.
 */
export function commandToBeginAnew(folder: RunFolder): string {
  const { lr, model } = keysOf(folder.config);
  const usual = builtInModel(String(model))?.rates.learningRate ?? learningRate;
  const rate = typeof lr === 'number' ? Number(Math.min(lr / 3, boldest * usual).toPrecision(1)) : 'RATE';
  return `s3delta ${commandOf(folder)} ${shellWord(folder.config)} --lr ${rate} --out ${shellWord(`${folder.path}-2`)}`;
}

/** What has begun a run: a search has nothing to tune but what it finds. */
function commandOf({ config }: RunFolder): 'search' | 'train' {
  const { method, structure } = keysOf(config);
  return method === undefined && structure === undefined ? 'search' : 'train';
}

/** Whoever goes on with a run that has diverged would meet the same step again. */
export function requireNotDiverged(folder: RunFolder): void {
  const outcome = readOutcome(folder);
  if (outcome?.error?.code !== 'diverged') return;
  throw new DivergedError(`this run has ${standingText({ ...outcome, state: 'failed' })}, and would again`, {
    code: 'diverged',
    where: folder.path,
    remedy: `a resumed run keeps its settings; start anew with a lower learning rate: ${commandToBeginAnew(folder)}`,
  });
}

/**
 * Makes sure that a run has trained something.
 * @throws InputError saying where it was left, and the command that goes on
 */
export function requireTrained(folder: RunFolder): void {
  if (isThere(folder.delta)) return;
  const standing = standingOf(folder);
  if (standing.state === 'finished') {
    if (keysOf(folder.config).retrain !== false) throw lost(folder, folder.delta);
    throw new InputError('this run has searched a structure and trained none of it (--no-retrain)', {
      code: 'unfinished-run',
      where: folder.path,
      remedy:
        `train it: s3delta train --structure ${shellWord(folder.structure)} --out ` +
        `${shellWord(`${folder.path}-trained`)}, with the --model and --task of the search`,
    });
  }
  throw unfinished(folder, standing, 'has trained nothing yet');
}

/** A run has ended, and what it has written is no longer whole: what is done again gives the same bytes. */
export function lost(folder: RunFolder, path: string): InputError {
  const command = `s3delta ${commandOf(folder)}`;
  const again = isThere(folder.structure)
    ? `make it again: ${command} --resume --out ${shellWord(folder.path)}`
    : `run it again: ${command} ${shellWord(folder.config)} --out ${shellWord(`${folder.path}-2`)}`;
  return new InputError('the run has finished, but this file of it is not there any more', {
    code: 'unreadable-file',
    where: path,
    remedy: `copy the run folder again from where it is whole, or ${again}`,
  });
}

/** What is told where something of a run is asked for that is not there yet. */
export function unfinished(folder: RunFolder, standing: RunStanding, lacks: string): InputError {
  if (standing.state === 'finished') {
    return lost(folder, isThere(folder.result) ? folder.structure : folder.result);
  }
  const goOn = commandToGoOn(folder, standing);
  const was = standing.state === 'running' ? 'is' : standing.state === 'failed' ? 'has' : 'was';
  return new InputError(`this run ${lacks}: it ${was} ${standingText(standing)}`, {
    code: 'unfinished-run',
    where: folder.path,
    remedy: goOn === undefined ? 'wait until it has ended' : `${wayOn(standing)}: ${goOn}`,
  });
}
