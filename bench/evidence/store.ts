import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, cellKey } from './cells.ts';
import type { SearchOutcome } from './run-search.ts';
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
  readonly outcome: SearchOutcome | TrainOutcome;
}

/** Finished cells in a file, a line each, and claims of the running ones in a folder, so that workers share the cells. */
export function openStore(file: string, claims: string) {
  mkdirSync(claims, { recursive: true });

  function read(): Map<string, Finished> {
    if (!existsSync(file)) return new Map();
    // A line that a kill cut short is no result.
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    const found = lines.flatMap(line => {
      try {
        return [JSON.parse(line) as Finished];
      } catch {
        return [];
      }
    });
    return new Map(found.map(line => [line.key, line]));
  }

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
    // A newline first where the last line was cut short.
    const torn = existsSync(file) && !readFileSync(file, 'utf8').endsWith('\n');
    appendFileSync(file, `${torn ? '\n' : ''}${JSON.stringify(result)}\n`);
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
