import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Slurm's own daemons, on this machine alone: one node, one partition `debug`, arrays of at most two tasks. */
export interface SlurmCluster {
  /** Ends the daemons. */
  stop(): Promise<void>;
}

/** The arrays of this cluster may have so many tasks. */
export const mostTasks = 2;

const packages = ['slurmctld', 'slurmd', 'slurm-client', 'munge'];

function isInstalled(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v slurmctld && command -v slurmd && command -v munged && command -v sbatch']);
    return true;
  } catch {
    return false;
  }
}

/** Why there can be no cluster here; undefined where there can, with Debian's packages installed where they were not. */
export function whyNoSlurm(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return "Slurm's daemons are started by root, on Linux";
  if (isInstalled()) return undefined;
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, stdio: 'ignore', timeout: 180_000 } as const;
    execFileSync('apt-get', ['update'], options);
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
  } catch {
    return `Slurm is not here: apt-get install ${packages.join(' ')}`;
  }
  return isInstalled() ? undefined : 'the packages of Slurm bring no daemons';
}

/** Starts the cluster; from then on Slurm's commands that this process starts mean it. */
export async function startSlurm(): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-slurm-'));
  const at = (...names: string[]) => join(folder, ...names);
  const [secret, socket] = [at('secret'), at('munge.socket')];
  chmodSync(folder, 0o755);
  mkdirSync(secret, { mode: 0o700 });
  writeFileSync(join(secret, 'key'), randomBytes(128), { mode: 0o600 });
  const conf = at('slurm.conf');
  const host = hostname().split('.')[0]!;
  const port = 20_000 + Math.floor(Math.random() * 20_000) * 2;
  const lines = [
    ...['ClusterName=test', `SlurmctldHost=${host}(127.0.0.1)`, 'SlurmUser=root', 'SlurmdUser=root'],
    ...['AuthType=auth/munge', `AuthInfo=socket=${socket}`, 'CredType=cred/munge'],
    ...[`SlurmctldPort=${port}`, `SlurmdPort=${port + 1}`],
    ...[`StateSaveLocation=${at('state')}`, `SlurmdSpoolDir=${at('spool')}`],
    ...[`SlurmctldPidFile=${at('slurmctld.pid')}`, `SlurmdPidFile=${at('slurmd.pid')}`],
    ...[`SlurmctldLogFile=${at('slurmctld.log')}`, `SlurmdLogFile=${at('slurmd.log')}`],
    ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'MpiDefault=none'],
    ...['SelectType=select/cons_tres', 'SelectTypeParameters=CR_Core_Memory'],
    'SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0',
    ...['ReturnToService=2', 'JobRequeue=1', 'KillWait=20', `MaxArraySize=${mostTasks}`],
    `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} RealMemory=2000 State=UNKNOWN`,
    `PartitionName=debug Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
  ];
  writeFileSync(conf, `${lines.join('\n')}\n`);
  mkdirSync(at('state'));
  mkdirSync(at('spool'));
  process.env.SLURM_CONF = conf;
  const daemons: ChildProcess[] = [];
  const start = (program: string, ...args: string[]) => {
    const env = { ...process.env, SLURM_CONF: conf };
    daemons.push(spawn(program, args, { env, stdio: 'ignore' }));
  };
  const munge = [`--key-file=${secret}/key`, `--socket=${socket}`, `--pid-file=${at('munged.pid')}`];
  start('munged', '--foreground', '--force', ...munge, `--log-file=${secret}/log`, `--seed-file=${secret}/seed`);
  await until('munge answers', () => spawnable('munge', ['-n', `--socket=${socket}`]));
  start('slurmctld', '-D');
  start('slurmd', '-D');
  await until('the node is idle', () => slurmSays('sinfo', ['--noheader', '--format=%T']).trim() === 'idle');
  return {
    async stop() {
      for (const daemon of daemons.reverse()) {
        const ended = new Promise(resolve => daemon.once('exit', resolve));
        daemon.kill('SIGTERM');
        await Promise.race([ended, setTimeout(5000, undefined, { ref: false })]);
        daemon.kill('SIGKILL');
      }
    },
  };
}

function spawnable(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

/** What one of Slurm's commands prints; nothing where it fails. */
export function slurmSays(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  } catch {
    return '';
  }
}

/** Waits until something holds. @throws Error where it does not within three minutes: machines may be busy */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!holds()) {
    if (performance.now() - begun > 180_000) throw new Error(`waited in vain until ${what}`);
    await setTimeout(100);
  }
}
