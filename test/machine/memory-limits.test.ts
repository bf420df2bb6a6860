import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryLimits } from '../../src/machine/memory-limits.ts';

const GB = 2 ** 30;
const system = (files: Readonly<Record<string, string>>) => memoryLimits(path => files[path]);

test('a control group of version 2 bounds what is below it; what the kernel takes back does not count', () => {
  const files = {
    '/proc/self/cgroup': '0::/user/job\n',
    '/sys/fs/cgroup/user/job/memory.max': 'max\n',
    '/sys/fs/cgroup/user/job/memory.current': `${GB}\n`,
    '/sys/fs/cgroup/user/memory.max': `${3 * GB}\n`,
    '/sys/fs/cgroup/user/memory.current': `${2 * GB}\n`,
    '/sys/fs/cgroup/user/memory.stat': `anon ${GB}\ninactive_file ${GB / 2}\nactive_file ${GB / 4}\n`,
  };
  assert.deepEqual(system(files), [{ name: 'the control group /user', leftBytes: 1.75 * GB }]);
});

test('so does one of version 1, also seen at its root only, as in a container', () => {
  const files = {
    '/proc/self/cgroup': '9:name=systemd:/x\n4:memory:/docker/abc\n0::/\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${GB}\n`,
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${GB / 4}\n`,
    '/sys/fs/cgroup/memory/memory.stat': `cache 5\ntotal_inactive_file 0\ntotal_active_file 0\n`,
  };
  assert.deepEqual(system(files), [{ name: 'the control group /', leftBytes: 0.75 * GB }]);
  const open = { ...files, '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' };
  assert.deepEqual(system(open), []);
});

test('the address space counts what the process has reserved, the machine what it holds; the tightest comes first', () => {
  const files = {
    '/proc/self/limits':
      'Limit  Soft Limit  Hard Limit  Units\nMax address space         3221225472   unlimited   bytes\n',
    '/proc/self/status': `VmSize:\t ${GB / 1024} kB\nVmRSS:\t ${GB / 2 / 1024} kB\n`,
    '/proc/meminfo': `MemTotal:  ${(8 * GB) / 1024} kB\nSwapTotal:  ${GB / 1024} kB\n`,
  };
  assert.deepEqual(
    system(files).map(({ leftBytes }) => leftBytes / GB),
    [1, 8.5],
  );
  assert.match(system(files)[0]!.name, /ulimit -v/);
});

test('where the system tells nothing there is no limit', () => {
  assert.deepEqual(system({}), []);
  assert.deepEqual(system({ '/proc/self/cgroup': 'nonsense', '/proc/self/limits': 'Max address space unlimited' }), []);
});

test('this process has a limit that is read', { skip: process.platform !== 'linux' }, () => {
  assert.ok(memoryLimits()[0]!.leftBytes > 0);
});
