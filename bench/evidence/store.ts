import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addResult, readResults } from '../results-file.ts';
import { type Cell, cellKey } from './cells.ts';
import type { SearchOutcome } from './run-search.ts';
import type { StrategyOutcome } from './run-strategy.ts';
import type { TrainOutcome } from './run-train.ts';

export interface Finished {
  readonly key: string;
  readonly cell: Cell;
  readonly commit: string;
  readonly machine: string;
  /** Of the processor, all threads; other programs run beside, so the clock says little. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly finished: string;
  readonly outcome: SearchOutcome | StrategyOutcome | TrainOutcome;
}

/** Finished cells in a file, a line each, and claims of the running ones in a folder, so that workers share the cells. */
export function openStore(file: string, claims: string) {
  mkdirSync(claims, { recursive: true });

  const read = () => new Map(readResults<Finished>(file).map(line => [line.key, line]));

  /** Whether the cell is this process's now: a claim of a process that has ended counts for nothing. */
  function claim(cell: Cell): boolean {
    const path = join(claims, cellKey(cell));
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
    } catch {
      if (runs(Number(readFileSync(path, 'utf8')))) return false;
      rmSync(path, { force: true });
      return claim(cell);
    }
    // Another may have finished it, and given its claim back, since this worker last looked.
    if (!read().has(cellKey(cell))) return true;
    rmSync(path, { force: true });
    return false;
  }

  function finish(result: Finished): void {
    addResult(file, result);
    rmSync(join(claims, result.key), { force: true });
  }

  return { read, claim, finish };
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
