import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { withAbsolutePaths } from '../config/parse-settings.ts';
import { InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { readJson } from '../files/text-files.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { runFolder } from '../runs/run-folder.ts';
import { standingOf, standingText } from '../runs/run-outcome.ts';
import { type Cell, cellId, cellName, cellResult } from './cell.ts';
import type { CellQueue } from './executors/executor.ts';
import { chosenExecutor, type ExecutorSettings } from './executors/executors.ts';

const listFile = (out: string) => join(out, 'cells.json');

/** The content of `cells.json`: an experiment's runs, folders relative to its own, and who was last to do them. */
const cellList = z.object({
  executor: z.string(),
  cells: z.array(z.looseObject({ folder: z.string(), settings: z.record(z.string(), z.unknown()) })),
});

/** Notes the runs of an experiment and who is to do them, in paths that mean the same in any working folder. */
export function writeCellList(out: string, executor: string, cells: readonly Cell[]): Promise<void> {
  const listed = cells.map(cell => ({
    ...cell,
    folder: relative(resolve(out), resolve(cell.folder)),
    settings: withAbsolutePaths(cell.settings),
    ...(cell.derive && { derive: withAbsoluteSources(cell.derive) }),
  }));
  return writeFileWhole(listFile(out), `${JSON.stringify({ executor, cells: listed })}\n`);
}

function withAbsoluteSources(derive: NonNullable<Cell['derive']>): Cell['derive'] {
  if (!('from' in derive)) return derive;
  return { ...derive, from: derive.from.map(files => files.map(file => resolve(file))) };
}

/** @throws InputError where the folder holds no experiment that has begun */
async function readCellList(out: string): Promise<{ executor: string; cells: readonly Cell[] }> {
  const file = listFile(out);
  if (!isThere(file)) {
    throw new InputError('no experiment lies in this folder: there is no cells.json in it', {
      code: 'not-an-experiment',
      where: out,
      remedy: 'give the folder that compare, sweep, spread or transfer writes (its --out)',
    });
  }
  const { executor, cells } = cellList.parse(await readJson(file));
  const whole = cells as unknown as readonly Cell[];
  return { executor, cells: whole.map(cell => ({ ...cell, folder: join(out, cell.folder) })) };
}

/** How a run of an experiment stands. */
export interface CellStanding {
  readonly run: string;
  readonly folder: string;
  /** The first word of `says`, for counting. */
  readonly state: string;
  /** In words: the queue's, where it knows the cell, else what the run's folder tells. */
  readonly says: string;
}

/**
 * How the runs of an experiment's folder stand, by its folders and by the queue that they were handed to.
 * @param reach options that say where the queue is
 * @throws InputError where the folder holds no experiment, or the queue cannot be reached
 */
export function experimentStanding(out: string, reach: ExecutorSettings): Promise<CellStanding[]> {
  return withQueue(out, reach, async (cells, queue) => {
    const open: Cell[] = [];
    const standing = new Map<Cell, string>();
    for (const cell of cells) {
      const result = await cellResult(cell).catch(() => undefined);
      if (result === undefined) open.push(cell);
      else standing.set(cell, 'done');
    }
    const inQueue = (await queue?.standing(open)) ?? new Map<string, string>();
    for (const cell of open) standing.set(cell, inQueue.get(cellId(cell)) ?? byFolder(cell));
    return cells.map(cell => {
      const says = standing.get(cell)!;
      return { run: cellName(cell), folder: cell.folder, state: /^\w+/.exec(says)?.[0] ?? says, says };
    });
  });
}

/** Of a cell without a result. */
function byFolder({ folder }: Cell): string {
  const run = runFolder(folder);
  if (!isThere(run.config)) return 'open, not begun';
  const standing = standingOf(run);
  return standing.state === 'finished'
    ? 'lost its result, and is scored anew by the same command'
    : standingText(standing);
}

/**
 * Takes the runs of an experiment's folder out of the queue that they were handed to; those at work save and end.
 * @returns how many
 * @throws InputError where nothing outlives the command that has begun them, and as `experimentStanding`
 */
export function stopExperiment(out: string, reach: ExecutorSettings): Promise<number> {
  return withQueue(out, reach, async (cells, queue, executor) => {
    if (queue !== undefined) return queue.cancel(cells);
    throw new InputError(`its runs are done by the command itself (executor ${executor}), not by a queue`, {
      code: 'no-queue',
      where: out,
      remedy: 'stop that command: Ctrl-C, or kill with its process number; every run is saved',
    });
  });
}

async function withQueue<T>(
  out: string,
  reach: ExecutorSettings,
  work: (cells: readonly Cell[], queue: CellQueue | undefined, executor: string) => Promise<T>,
): Promise<T> {
  const { executor, cells } = await readCellList(out);
  const { kind, options } = chosenExecutor({ ...reach, executor });
  const queue = await kind.queue?.(options, out);
  try {
    return await work(cells, queue, executor);
  } finally {
    await queue?.close();
  }
}
