import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Names one process, also after it has ended and its pid is another's. */
export const processIdentity = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** Boot of the machine and tick of the process's start; null where the system does not tell. */
  birth: z.string().nullable(),
});

export type ProcessIdentity = z.infer<typeof processIdentity>;

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), birth: birthOf(process.pid) ?? null };
}

/** The process that has started this one, and whose end is this one's; undefined where nothing ties them. */
export function parentProcess(): ProcessIdentity | undefined {
  if (process.channel === undefined) return undefined;
  return { pid: process.ppid, host: hostname(), birth: birthOf(process.ppid) ?? null };
}

/** Whether a process is running. One on another machine cannot be seen from here, and counts as running. */
export function isRunning({ pid, host, birth }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  const now = birthOf(pid);
  return now !== undefined && (now === null || birth === null || now === birth);
}

/** The birth of the process that has this pid now: null where it is not told, undefined where no process has it. */
function birthOf(pid: number): string | null | undefined {
  try {
    // proc(5): after the name, which is in parentheses, state is the first field and starttime the twentieth.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, and only waits for its parent to notice.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
  } catch {
    return answers(pid) ? null : undefined;
  }
}

/** Signal 0 is delivered to nobody: it only asks whether there is someone. */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
