import { existsSync, readFileSync } from 'node:fs';
import { type Cell, cellId } from '../../cell.ts';
import type { CellQueue } from '../executor.ts';
import { arrayFiles, readArrays, type SubmittedArray } from './array-files.ts';
import { isAlive, isWorking, slurm, standingOf, type TaskStanding, taskKey } from './slurm-commands.ts';

/** A cell's place in Slurm: the last array that it was part of, and what Slurm says of it. */
export interface SubmittedTask {
  readonly array: string;
  readonly index: number;
  /** Undefined where Slurm knows it no more. */
  readonly standing: TaskStanding | undefined;
}

/** The last task of every cell that was ever submitted, by `cellId`. */
export async function submittedTasks(out: string): Promise<Map<string, SubmittedTask>> {
  const arrays = readArrays(out);
  const standing = await standingOf(arrays.map(({ name }) => name));
  const tasks = arrays.flatMap(({ name, ids }: SubmittedArray) =>
    ids.map((id, index): [string, SubmittedTask] => [
      id,
      { array: name, index, standing: standing.get(taskKey(name, index)) },
    ]),
  );
  return new Map(tasks);
}

/** What a task that has ended without a result has to say: its own words, or else Slurm's. */
export function failureOf(out: string, { array, index, standing }: SubmittedTask): string {
  const files = arrayFiles(out, array);
  const own = existsSync(files.error(index)) ? readFileSync(files.error(index), 'utf8').trim() : undefined;
  const state = standing?.state ?? 'nothing any more';
  const why = own ?? explanations[state] ?? `it has ended without a result, and Slurm says ${state}`;
  return `${why}\nits log: ${files.log(index)}`;
}

const explanations: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: 'it took more memory than it was given → give more: --memory 8GB',
  TIMEOUT: 'its time was up before it was saved → give more: --time 2:00:00',
};

/** Reaches what was submitted from a folder. */
export function slurmQueue(out: string): CellQueue {
  const tasksOf = async (cells: readonly Cell[]) => {
    const tasks = await submittedTasks(out);
    return cells.flatMap(cell => {
      const task = tasks.get(cellId(cell));
      return task === undefined ? [] : [{ id: cellId(cell), task }];
    });
  };
  return {
    async standing(cells) {
      return new Map((await tasksOf(cells)).map(({ id, task }) => [id, inWords(out, task)]));
    },
    async cancel(cells) {
      const alive = (await tasksOf(cells)).filter(({ task }) => task.standing && isAlive(task.standing));
      // An array's cells are all of one experiment: an order for each array, not for each of a thousand tasks.
      for (const array of new Set(alive.map(({ task }) => task.array))) await slurm('scancel', [`--name=${array}`]);
      return alive.length;
    },
    close: async () => {},
  };
}

function inWords(out: string, task: SubmittedTask): string {
  const { standing } = task;
  if (standing !== undefined && isWorking(standing)) return `running on ${standing.note}`;
  if (standing !== undefined && isAlive(standing)) return `waiting (${standing.note})`;
  if (standing?.state === 'CANCELLED') return 'cancelled';
  return `failed: ${failureOf(out, task)}`;
}
