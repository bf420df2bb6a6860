import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonFile } from '../jobs/report-job.ts';
import type { ComparisonSummary, RunSummary } from '../report/run-summary.ts';
import { runFolder } from '../runs/run-folder.ts';
import { isHeld } from '../runs/run-lock.ts';
import { findRuns, inspectRun, summarize } from './find-runs.ts';

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
