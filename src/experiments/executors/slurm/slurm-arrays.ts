import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nearestNames } from '../../../core/checked-values.ts';
import { InputError } from '../../../core/errors.ts';
import { type Cell, cellId, cellResult } from '../../cell.ts';
import type { CellQueue, Executor, TellState } from '../executor.ts';
import {
  arrayFiles,
  jobScript,
  newArrayName,
  type Resources,
  readArrays,
  removeArray,
  type SubmittedArray,
  writeArray,
} from './array-files.ts';

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
interface TaskStanding {
  /** Slurm's word: `PENDING`, `RUNNING`, `COMPLETED`, … */
  readonly state: string;
  /** Why it waits, or where it runs. */
  readonly note: string;
}

/** The tasks of arrays by array name and index (`taskKey`); those that have long ended are known no more. */
async function standingOf(names: readonly string[]): Promise<Map<string, TaskStanding>> {
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

const taskKey = (array: string, index: number): string => `${array}/${index}`;

/** Whether a task will still do something. */
function isAlive({ state }: TaskStanding): boolean {
  return ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'CONFIGURING', 'SUSPENDED', ...working].includes(state);
}

const working = ['RUNNING', 'COMPLETING', 'STAGE_OUT', 'SIGNALING'];

/** Whether a task is at work. */
function isWorking({ state }: TaskStanding): boolean {
  return working.includes(state);
}

/** A cell's place in Slurm: the last array that it was part of, and what Slurm says of it. */
interface SubmittedTask {
  readonly array: string;
  readonly index: number;
  /** Undefined where Slurm knows it no more. */
  readonly standing: TaskStanding | undefined;
}

/** The last task of every cell that was ever submitted, by `cellId`. */
async function submittedTasks(out: string): Promise<Map<string, SubmittedTask>> {
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
function failureOf(out: string, { array, index, standing }: SubmittedTask): string {
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

/** The task's program, built or not. It prints and takes signals, and so is part of the command line. */
const program = fileURLToPath(
  new URL(`../../../cli/slurm-task${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);

interface ArraysOptions {
  /** Folder of the experiment, which the nodes share. */
  readonly out: string;
  readonly resources: Resources;
  /** How often a cell that has failed is submitted again. */
  readonly retries: number;
  /** Tasks that an array may have. */
  readonly most: number;
  tell(text: string): void;
}

/** A cell that is waited for. */
interface Awaited extends Omit<SubmittedTask, 'standing'> {
  readonly cell: Cell;
  readonly failures: number;
  /** Whether the last look has found it ended: its files may be a moment behind on this machine. */
  readonly hasEnded?: boolean;
}

/** Does cells as arrays of Slurm, and waits for them. What is in Slurm already, by whomever, is not submitted again. */
export function slurmArrays({ out, resources, retries, most, tell: say }: ArraysOptions): Executor {
  function arrayOf(cells: readonly Cell[]) {
    const name = newArrayName(Date.now(), randomBytes(4).toString('hex'));
    const files = arrayFiles(out, name);
    const script = jobScript({
      ...{ name, tasks: cells.length, resources, folder: process.cwd(), log: patternOf(files.log('%a')) },
      command: [process.execPath, program, files.cells],
    });
    return { name, cells, script, file: files.script };
  }

  /** Submits cells, too many for one array in several, which follow each other where not all may run at a time. */
  async function submit(cells: readonly Cell[], failures: ReadonlyMap<Cell, number>): Promise<Awaited[]> {
    const awaited: Awaited[] = [];
    let before: string | undefined;
    for (const part of partsOf(cells, most)) {
      const array = arrayOf(part);
      await writeArray(out, array);
      const after = before !== undefined && resources.atMost !== undefined ? [`--dependency=afterany:${before}`] : [];
      const job = await submitted(['--parsable', ...after, array.file]).catch(async error => {
        await removeArray(out, array.name);
        throw error;
      });
      before = job;
      say(`submitted ${part.length} runs to Slurm as job ${job} (${array.name})`);
      part.forEach((cell, index) => {
        awaited.push({ cell, array: array.name, index, failures: failures.get(cell) ?? 0 });
      });
    }
    return awaited;
  }

  /** Number of the job. A cluster's name may follow it. */
  async function submitted(args: readonly string[]): Promise<string> {
    return (await slurm('sbatch', args)).trim().split(';')[0]!;
  }

  async function run(cells: readonly Cell[], tell: TellState, signal: AbortSignal): Promise<void> {
    const before = await submittedTasks(out);
    const found: Awaited[] = [];
    const fresh: Cell[] = [];
    for (const cell of cells) {
      const task = before.get(cellId(cell));
      if (task?.standing && isAlive(task.standing)) found.push({ ...task, cell, failures: 0 });
      else fresh.push(cell);
    }
    if (found.length > 0) say(`${found.length} runs are in Slurm already: waiting for them`);
    let awaited = [...found, ...(await submit(fresh, new Map()))];
    for (let look = 0; awaited.length > 0; look++) {
      await setTimeout(secondsToNextLook(look) * 1000, undefined, { signal }).catch(() => {});
      if (signal.aborted) {
        const message = `${awaited.length} runs go on in Slurm; \`s3delta stop ${out}\` cancels them`;
        for (const { cell } of awaited) tell(cell, { state: 'interrupted', message });
        return;
      }
      awaited = await lookAfter(awaited, tell);
    }
  }

  /** Tells what has become of the cells, and returns those that are still to be waited for. */
  async function lookAfter(awaited: readonly Awaited[], tell: TellState): Promise<Awaited[]> {
    const standing = await patiently(() => standingOf([...new Set(awaited.map(({ array }) => array))]));
    if (standing === undefined) return [...awaited];
    const left: Awaited[] = [];
    const again = new Map<Cell, number>();
    for (const task of awaited) {
      const { cell, failures } = task;
      const now = standing.get(taskKey(task.array, task.index));
      if (now !== undefined && isAlive(now)) {
        tell(cell, { state: isWorking(now) ? 'running' : 'waiting' });
        left.push({ ...task, hasEnded: false });
        continue;
      }
      const result = await cellResult(cell).catch(() => undefined);
      if (result !== undefined) tell(cell, { state: 'done', result });
      else if (!task.hasEnded) left.push({ ...task, hasEnded: true });
      else if (now?.state === 'CANCELLED')
        tell(cell, { state: 'interrupted', message: 'runs were cancelled in Slurm' });
      else if (failures < retries) again.set(cell, failures + 1);
      else tell(cell, { state: 'failed', message: failureOf(out, { ...task, standing: now }) });
    }
    return [...left, ...(await submit([...again.keys()], again))];
  }

  let isAway = false;

  /** A controller that starts anew, or is overrun, answers later: it keeps the arrays meanwhile. */
  async function patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await ask();
      if (isAway) say('Slurm answers again');
      isAway = false;
      return answer;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (!isAway) say(`${error.what}; waiting for it`);
      isAway = true;
      return undefined;
    }
  }

  return {
    oneByOne: false,
    rehearse: async cells => partsOf(cells, most).map(part => arrayOf(part).script),
    run,
    close: async () => {},
  };
}

/** Often at first, for whoever sits before it; later four times a minute, for the controller's sake. */
function secondsToNextLook(look: number): number {
  return Math.min(15, 1 + look / 10);
}

function partsOf<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}

/** A path as a pattern of sbatch, in which only the last `%a` stands for something. */
function patternOf(path: string): string {
  const at = path.lastIndexOf('%a');
  return `${path.slice(0, at).replaceAll('%', '%%')}${path.slice(at)}`;
}
