import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { RunFolder } from '../runs/run-folder.ts';

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
