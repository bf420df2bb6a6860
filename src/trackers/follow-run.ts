import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readYamlKeys } from '../config/config-file.ts';
import { shellWord } from '../core/format.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import { structureSvg } from '../report/pictures/heat-map-svg.ts';
import { shownModules } from '../report/run-view.ts';
import { type MetricsLine, readMetrics } from '../runs/metrics-log.ts';
import { type RunResult, readResult } from '../runs/result.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { readOutcome, standingOf } from '../runs/run-outcome.ts';
import { readStructure } from '../structure/structure-file.ts';
import type { TrackedEnd, TrackedPoint, TrackedRun, Tracker } from './tracker.ts';

/** How long the end of a run waits for trackers, in all. */
const PATIENCE_MS = 10_000;

/** Tells trackers of one run. */
export interface Follower {
  /** To be told what the job tells; returns at once. */
  onEvent(event: JobEvent): void;
  /** Sends what is left, when the job has ended. It never throws: what could not be sent is told, with the way out. */
  finish(): Promise<void>;
}

/**
 * Follows a run: after each line of its log its folder's news go to each tracker, one send at a time, beside the
 * training. What a tracker does not take stays in the folder and goes with the next send, or by `s3delta log`.
 * @param name what the run is called there
 * @param tell told in a sentence what could not be sent
 */
export function followRun(
  path: string,
  name: string,
  trackers: ReadonlyMap<string, Tracker>,
  tell: (text: string) => void,
  patience: number = PATIENCE_MS,
): Follower {
  const folder = runFolder(path);
  const note = notesOf(folder);
  const stop = new AbortController();
  const tails = [...trackers].map(tracker => ({
    tracker,
    sending: undefined as Promise<void> | undefined,
    again: false,
  }));
  type Tail = (typeof tails)[number];

  const send = ({ tracker }: Tail, signal: AbortSignal) => sendNews(folder, name, tracker, signal, note);
  const start = (tail: Tail): void => {
    if (tail.sending !== undefined) {
      tail.again = true;
      return;
    }
    tail.again = false;
    // A failure is told at the end alone: the next send takes along what this one could not.
    tail.sending = send(tail, stop.signal)
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        tail.sending = undefined;
        if (tail.again && !stop.signal.aborted) start(tail);
      });
  };

  return {
    onEvent(event) {
      const isNews = event.type === 'evaluation' || (event.type === 'step' && event.isLogged);
      if (isNews) for (const tail of tails) start(tail);
    },
    async finish() {
      // It has not begun, or elsewhere: there is nothing to send yet.
      if (!isThere(folder.config)) return;
      const limit = AbortSignal.timeout(patience);
      limit.addEventListener('abort', () => stop.abort(), { once: true });
      await Promise.all(
        tails.map(async tail => {
          tail.again = false;
          await tail.sending;
          try {
            await send(tail, limit);
          } catch (error) {
            const [key] = tail.tracker;
            const later = `s3delta log ${shellWord(path)} --to ${key}`;
            tell(
              `${key} has not got all of ${name}: ${(error as Error).message}. Nothing is lost: send it by ${later}`,
            );
          }
        }),
      );
    },
  };
}

/** What a tracker has of a run already (`trackers.json`), so that what is sent later is only what it lacks. */
interface Sent {
  readonly points: number;
  readonly ended: boolean;
  readonly id: string;
}

const stateFile = (folder: RunFolder): string => join(folder.path, 'trackers.json');

function readSent(folder: RunFolder): Record<string, Sent> {
  try {
    return JSON.parse(readFileSync(stateFile(folder), 'utf8')) as Record<string, Sent>;
  } catch {
    // Missing, or damaged: all is sent again, which trackers know how to take.
    return {};
  }
}

/** Notes what trackers have of a run. */
type Notes = (key: string, sent: Sent) => Promise<void>;

/** Trackers are sent to side by side, and noted one after the other: no note may undo another's. */
export function notesOf(folder: RunFolder): Notes {
  let last: Promise<unknown> = Promise.resolve();
  return (key, sent) => {
    const note = async () => {
      await writeFileWhole(stateFile(folder), `${JSON.stringify({ ...readSent(folder), [key]: sent }, null, 2)}\n`);
    };
    const noted = last.then(note, note);
    last = noted;
    return noted;
  };
}

/**
 * Sends a tracker what a run's folder holds and it has not got.
 * @param name what the run is called there, the first time
 * @param note of the same folder for all trackers that are sent to at the same time
 * @returns how many lines of the log were sent, and whether the run's end was
 * @throws whatever the tracker throws; then nothing counts as sent
 */
export async function sendNews(
  folder: RunFolder,
  name: string,
  [key, tracker]: readonly [string, Tracker],
  signal: AbortSignal,
  note: Notes = notesOf(folder),
): Promise<{ readonly points: number; readonly ended: boolean }> {
  const run = await readRunFacts(folder, name);
  const all = pointsOf(readMetrics(folder.metrics), run.begun);
  const before = readSent(folder)[key];
  const points = all.slice(before?.points ?? 0);
  const end = before?.ended ? undefined : await readEnd(folder, all.at(-1)?.time ?? run.begun);
  if (points.length === 0 && end === undefined) return { points: 0, ended: false };
  const id = await tracker.send(run, { points, ...(end && { end }) }, before?.id, signal);
  const sent: Sent = { points: all.length, ended: before?.ended === true || end !== undefined, id };
  await note(key, sent);
  return { points: points.length, ended: end !== undefined };
}

async function readRunFacts(folder: RunFolder, name: string): Promise<TrackedRun> {
  const keys = Object.entries(readYamlKeys(folder.config) ?? {});
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return {
    ...{ folder: resolve(folder.path), name },
    // Written once, before the first step.
    begun: Math.round((await stat(folder.config)).mtimeMs),
    settings: Object.fromEntries(keys.map(([key, value]) => [key, text(value)])),
  };
}

/** Lines of the log as points. Stages follow each other, and each counts its own seconds. */
function pointsOf(lines: readonly MetricsLine[], begun: number): TrackedPoint[] {
  let [stage, stageBegun, time] = ['', begun, begun];
  return lines.map(line => {
    const own = [line.stage, line.trial].filter(Boolean).join('/');
    if (own !== stage) [stage, stageBegun] = [own, time];
    time = Math.round(stageBegun + 1000 * line.seconds);
    const { loss, learningRate, score, best, validationLoss } = line;
    const named = { loss, 'learning rate': learningRate, score, best, 'validation loss': validationLoss };
    return { step: line.step, time, values: numbersOf(named, `${own}/`) };
  });
}

/** The numbers among values: a score that is not defined has no place in a curve. */
function numbersOf(values: Readonly<Record<string, unknown>>, prefix: string): Record<string, number> {
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value)) as [string, number][];
  return Object.fromEntries(finite.map(([name, value]) => [`${prefix}${name}`, value]));
}

/** Undefined while the run has not ended well. */
async function readEnd(folder: RunFolder, time: number): Promise<TrackedEnd | undefined> {
  const result = await readResult(folder.result);
  if (result === undefined || !hasEnded(folder)) return undefined;
  const picture = isThere(folder.structure) ? await pictureOf(folder, result) : undefined;
  return { time, scores: scoresOf(result), ...(picture && { picture }) };
}

/** A process that has just finished may still hold its folder. */
function hasEnded(folder: RunFolder): boolean {
  return readOutcome(folder)?.ended === 'finished' || standingOf(folder).state === 'finished';
}

function scoresOf({ score, structure, budget, resources }: RunResult): Record<string, number> {
  const { details, ...scores } = score ?? {};
  return {
    ...numbersOf(scores, 'final/'),
    ...numbersOf(details ?? {}, 'final/'),
    ...numbersOf(structure, 'structure/'),
    ...numbersOf(budget, 'budget/'),
    ...Object.assign({}, ...Object.entries(resources).map(([stage, spent]) => numbersOf(spent ?? {}, `${stage}/`))),
  };
}

/** None on a machine without a font: the numbers are worth more than the picture. */
async function pictureOf(folder: RunFolder, { task, model }: RunResult): Promise<Uint8Array | undefined> {
  const modules = shownModules(await readStructure(folder.structure));
  const svg = structureSvg(modules, `${task} on ${model}`);
  try {
    const { pngOf } = await import('../report/pictures/png.ts');
    return pngOf(svg);
  } catch {
    return undefined;
  }
}
