import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What bounds the memory of this process, and how much more it may take before it is killed or refused. */
export interface MemoryLimit {
  /** In words, as the subject of a sentence. */
  readonly name: string;
  readonly leftBytes: number;
  /** How it is raised, where a word says so. */
  readonly raise?: string;
}

/** Content of a file of the system; undefined where it has none. */
export type ReadSystem = (path: string) => string | undefined;

const readSystem: ReadSystem = path => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Figures near 2⁶³ stand for no limit at all. */
const NO_LIMIT = 2 ** 60;

/**
 * The limits of this process on Linux, the tightest first: its control group (of both versions) and those above it, its
 * address space (`ulimit -v`), and the machine. Elsewhere none is known.
 */
export function memoryLimits(read: ReadSystem = readSystem): MemoryLimit[] {
  const found = [...controlGroups(read), ...addressSpace(read), ...wholeMachine(read)];
  return found.sort((a, b) => a.leftBytes - b.leftBytes);
}

interface GroupFiles {
  readonly root: string;
  readonly limit: string;
  readonly current: string;
  /** Lines of memory.stat with what the kernel takes back when memory is short. */
  readonly reclaimable: readonly string[];
}

const versions: Readonly<Record<1 | 2, GroupFiles>> = {
  1: {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    current: 'memory.usage_in_bytes',
    reclaimable: ['total_inactive_file', 'total_active_file'],
  },
  2: {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    current: 'memory.current',
    reclaimable: ['inactive_file', 'active_file'],
  },
};

function controlGroups(read: ReadSystem): MemoryLimit[] {
  return (read('/proc/self/cgroup') ?? '').split('\n').flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return groupsAbove(versions[2], path, read);
    return controllers!.split(',').includes('memory') ? groupsAbove(versions[1], path, read) : [];
  });
}

/** A container may see its group at the root only; whatever is not there has no limit. */
function groupsAbove({ root, limit, current, reclaimable }: GroupFiles, path: string, read: ReadSystem) {
  const found: MemoryLimit[] = [];
  for (let group = path; ; group = dirname(group)) {
    const number = (file: string) => Number.parseInt(read(join(root, group, file)) ?? '', 10);
    const [most, used] = [number(limit), number(current)];
    if (most < NO_LIMIT && used >= 0) {
      const stat = read(join(root, group, 'memory.stat')) ?? '';
      const free = reclaimable.reduce((sum, name) => sum + figure(stat, name), 0);
      found.push({ name: `the control group ${group}`, leftBytes: Math.max(0, most - used + free) });
    }
    if (group === dirname(group)) return found;
  }
}

function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/**
 * Address space that threads and the allocator's arenas reserve beside what they use. Where that is refused in native
 * code, the process ends without a message of ours.
 */
const RESERVED = 2 ** 30;

function addressSpace(read: ReadSystem): MemoryLimit[] {
  const [, most] = /^Max address space +(\d+)/m.exec(read('/proc/self/limits') ?? '') ?? [];
  const [, used] = /^VmSize:\s+(\d+) kB$/m.exec(read('/proc/self/status') ?? '') ?? [];
  if (most === undefined || used === undefined) return [];
  const leftBytes = Math.max(0, Number(most) - 1024 * Number(used) - RESERVED);
  const raise = 'raise it with `ulimit -v unlimited`';
  return [{ name: 'the limit of its address space (ulimit -v)', leftBytes, raise }];
}

/** What others hold they may give back; what is not there at all nobody can. */
function wholeMachine(read: ReadSystem): MemoryLimit[] {
  const text = read('/proc/meminfo') ?? '';
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  const [, own] = /^VmRSS:\s+(\d+) kB$/m.exec(read('/proc/self/status') ?? '') ?? [];
  const all = kilobytes('MemTotal') + kilobytes('SwapTotal');
  return all === 0 ? [] : [{ name: 'this machine', leftBytes: Math.max(0, 1024 * (all - Number(own ?? 0))) }];
}
