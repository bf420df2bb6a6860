import { randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../core/errors.ts';
import { type Cell, cellId, cellResult } from '../../cell.ts';
import type { Executor, TellState } from '../executor.ts';
import { arrayFiles, jobScript, newArrayName, type Resources, removeArray, writeArray } from './array-files.ts';
import {
  failureOf,
  isAlive,
  isWorking,
  type SubmittedTask,
  slurm,
  standingOf,
  submittedTasks,
  taskKey,
} from './slurm-queue.ts';

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
