import { execFile } from 'node:child_process';
import { nearestNames } from '../../../core/checked-values.ts';
import { InputError } from '../../../core/errors.ts';

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
