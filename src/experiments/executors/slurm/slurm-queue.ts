import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { nearestNames } from '../../../core/checked-values.ts';
import { InputError } from '../../../core/errors.ts';
import { type Cell, cellId } from '../../cell.ts';
import type { CellQueue } from '../executor.ts';
import { arrayFiles, readArrays, type SubmittedArray } from './array-files.ts';

/** Slurm's own commands: it has no other interface that every cluster has. */
type SlurmCommand = 'sbatch' | 'squeue' | 'scancel' | 'scontrol' | 'sinfo';

/**
 * Runs one of Slurm's commands and returns what it prints.
 * @param input what it reads
 * @throws InputError where it is not there, or refuses, with its own words
 */
export function slurm(command: SlurmCommand, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 2 ** 30 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(missing(command));
      else reject(refused(command, stderr));
    });
    // A command that ends before it has read everything is judged by its exit code.
    child.stdin?.on('error', () => {}).end(input);
  });
}

function missing(command: SlurmCommand): InputError {
  return new InputError(`there is no \`${command}\` on the path: this machine does not submit to Slurm`, {
    code: 'slurm-unavailable',
    where: '--executor slurm',
    remedy: 'run the command on a login node of the cluster, or load its Slurm module; or leave --executor out',
  });
}

function refused(command: SlurmCommand, said: string): InputError {
  const lines = said.trim().split('\n');
  const reason = lines.map(line => line.replace(/^\w+: (error: )?/, '')).join('; ');
  return new InputError(`${command} says: ${reason}`, {
    code: 'slurm-refused',
    where: '--executor slurm',
    remedy: 'change what it names: --partition, --time, --cpus, --memory, --gpus or --slurm-args; see `sinfo`',
  });
}

/** @throws InputError, with the nearest names, for a partition that there is not */
export async function requirePartition(partition: string | undefined): Promise<void> {
  if (partition === undefined) return;
  const known = [...new Set((await slurm('sinfo', ['--noheader', '--format=%R'])).split(/\s+/).filter(Boolean))];
  for (const name of partition.split(',')) {
    if (known.includes(name)) continue;
    const [nearest] = nearestNames(name, known);
    throw new InputError(`there is no partition \`${name}\``, {
      code: 'unknown-name',
      where: '--partition',
      remedy: `${nearest === undefined ? '' : `did you mean \`${nearest}\`? `}the partitions are ${known.join(', ')}`,
    });
  }
}

/** Tasks that an array may have; Slurm's own default where it does not say. */
export async function mostTasks(): Promise<number> {
  const [, size] = /MaxArraySize\s*=\s*(\d+)/.exec(await slurm('scontrol', ['show', 'config'])) ?? [];
  return Math.max(1, Number(size ?? 1001));
}

/** What Slurm says of a task. */
export interface TaskStanding {
  /** Slurm's word: `PENDING`, `RUNNING`, `COMPLETED`, … */
  readonly state: string;
  /** Why it waits, or where it runs. */
  readonly note: string;
}

/** The tasks of arrays by array name and index (`taskKey`); those that have long ended are known no more. */
export async function standingOf(names: readonly string[]): Promise<Map<string, TaskStanding>> {
  if (names.length === 0) return new Map();
  const format = '%j|%K|%T|%r|%N';
  const said = await slurm('squeue', [
    ...['--noheader', '--array', '--states=all', '--me'],
    ...[`--name=${names.join(',')}`, `--format=${format}`],
  ]);
  const lines = said.split('\n').filter(Boolean);
  return new Map(
    lines.map(line => {
      const [name, index, state, reason, node] = line.trim().split('|') as [string, string, string, string, string];
      return [taskKey(name, Number(index)), { state, note: node || reason }];
    }),
  );
}

export const taskKey = (array: string, index: number): string => `${array}/${index}`;

/** Whether a task will still do something. */
export function isAlive({ state }: TaskStanding): boolean {
  return ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'CONFIGURING', 'SUSPENDED', ...working].includes(state);
}

const working = ['RUNNING', 'COMPLETING', 'STAGE_OUT', 'SIGNALING'];

/** Whether a task is at work. */
export function isWorking({ state }: TaskStanding): boolean {
  return working.includes(state);
}

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
