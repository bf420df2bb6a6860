import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError, StorageError } from '../../src/core/errors.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { removeUnfinished } from '../../src/files/write-whole.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { type RunLock, readLock, requireNotHeld, untilReleased, whileHolding } from '../../src/runs/run-lock.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-lock-'));
const isRefused = (error: Error) =>
  error instanceof InputError && error.message.includes(`process ${process.pid} on ${hostname()}`);

function held(name: string, changes: Partial<RunLock>) {
  const folder = runFolder(join(base, name));
  mkdirSync(folder.path);
  const lock = { id: `${name}-holder`, ...thisProcess(), since: '2026-01-31T17:45:02.000Z', ...changes };
  writeFileSync(folder.lock, JSON.stringify(lock));
  return folder;
}

/** A pid that was a process's, and is no more. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

test('who holds a folder is written there, and nothing is left when the work is done or has failed', async () => {
  const folder = runFolder(join(base, 'new', 'run'));
  requireNotHeld(folder);
  assert.equal(existsSync(folder.path), false);
  const result = await whileHolding(folder, async () => {
    const { pid, host } = readLock(folder.lock)!;
    assert.deepEqual({ pid, host }, { pid: process.pid, host: hostname() });
    return 5;
  });
  assert.equal(result, 5);
  await assert.rejects(
    whileHolding(folder, () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.deepEqual(readdirSync(folder.path), []);
});

test('the second is refused with the pid and host of the first, and changes nothing', async () => {
  const folder = runFolder(join(base, 'two'));
  await whileHolding(folder, async () => {
    const before = readLock(folder.lock);
    await assert.rejects(
      whileHolding(folder, async () => assert.fail('never called')),
      isRefused,
    );
    assert.throws(() => requireNotHeld(folder), isRefused);
    assert.deepEqual(readLock(folder.lock), before);
    assert.deepEqual(readdirSync(folder.path), ['lock.json']);
  });
});

test('a holder that is dead, was born at another time or in another boot is replaced', async () => {
  const stale: Record<string, Partial<RunLock>> = { dead: { pid: deadPid } };
  // Without /proc a pid is all that is known of a process.
  if (thisProcess().birth !== null) {
    stale.recycled = { birth: thisProcess().birth!.replace(/\d+$/, '1') };
    stale.rebooted = { birth: `another-boot ${thisProcess().birth!.split(' ')[1]}` };
  }
  for (const [name, changes] of Object.entries(stale)) {
    const folder = held(name, changes);
    requireNotHeld(folder);
    await whileHolding(folder, async () => assert.notEqual(readLock(folder.lock)!.id, `${name}-holder`));
    assert.deepEqual(readdirSync(folder.path), []);
  }
});

const noProc = !existsSync('/proc/self/stat') && 'this system has no /proc';
test('a process that has ended and was not yet waited for does not hold', { skip: noProc }, async () => {
  // The shell becomes sleep, which waits for no child of its.
  const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const pid = await new Promise<number>(resolve => shell.stdout.on('data', data => resolve(Number(String(data)))));
    await new Promise(resolve => setTimeout(resolve, 300));
    requireNotHeld(held('zombie', { pid, birth: null }));
  } finally {
    shell.kill('SIGKILL');
  }
});

test('a holder on another machine cannot be seen, and holds', async () => {
  const folder = held('elsewhere', { pid: deadPid, host: 'another-machine' });
  await assert.rejects(
    whileHolding(folder, async () => {}),
    (error: InputError) => /on another-machine/.test(error.message) && /remove .*lock\.json/.test(error.remedy!),
  );
});

test('one that was killed while it replaced a dead holder is replaced as well', async () => {
  const folder = held('chain', { pid: deadPid });
  const lock = { ...readLock(folder.lock)!, id: 'second' };
  writeFileSync(`${folder.lock}.chain-holder`, JSON.stringify(lock));
  writeFileSync(`${folder.lock}.chain-holder.second`, JSON.stringify({ ...lock, id: 'third' }));
  await whileHolding(folder, async () => assert.deepEqual(readdirSync(folder.path), ['lock.json']));
  assert.deepEqual(readdirSync(folder.path), []);
});

const withId = (id: string) => JSON.stringify({ id, ...thisProcess(), since: '' });

test('a lock that cannot be read is refused by its name', async () => {
  for (const [i, text] of ['', '{', 'null', '{"pid":-1}', '{"__proto__":{"pid":1}}', withId('/../x')].entries()) {
    const folder = runFolder(join(base, `unreadable-${i}`));
    mkdirSync(folder.path);
    writeFileSync(folder.lock, text);
    await assert.rejects(
      whileHolding(folder, async () => {}),
      (error: InputError) => error instanceof InputError && error.where === folder.lock,
    );
  }
});

test('of many processes that come at once, to a free folder or a dead holder, one works at a time', async () => {
  const script = fileURLToPath(new URL('./lock-child.ts', import.meta.url));
  for (const folder of [runFolder(join(base, 'free')), held('crowd', { pid: deadPid })]) {
    const children = Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, [script, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (data: string) => {
        text += data;
      });
      return new Promise<string>(resolve => child.on('close', () => resolve(text.trim())));
    });
    const said = await Promise.all(children);
    assert.ok(said.includes('worked'), String(said));
    assert.ok(
      said.every(word => word === 'worked' || word === 'refused'),
      String(said),
    );
    assert.deepEqual(readdirSync(folder.path), []);
  }
});

test('a chain of dead holders is followed to a bound, and then told', async () => {
  const folder = held('long-chain', { pid: deadPid });
  let path = folder.lock;
  for (let id = 'long-chain-holder', i = 0; i < 8; i++) {
    path = `${path}.${id}`;
    id = `n${i}`;
    writeFileSync(path, JSON.stringify({ ...readLock(folder.lock)!, id }));
  }
  await assert.rejects(
    whileHolding(folder, async () => {}),
    (error: InputError) => error instanceof InputError && /too many have died/.test(error.message),
  );
});

test('a lock that is swept away while it is made is made again; where the sweeper has the run, that is told', async () => {
  const folder = runFolder(join(base, 'swept'));
  const { link } = fs;
  const useLink = (use: typeof link) => {
    Object.assign(fs, { link: use });
    syncBuiltinESMExports();
  };
  let sweeps = 0;
  try {
    // Between the writing of the file and its getting the lock's name, its folder is cleared.
    useLink(async (from, to) => {
      if (sweeps++ === 0) await removeUnfinished(folder.path);
      return link(from, to);
    });
    assert.equal(await whileHolding(folder, async () => 5), 5);
    assert.equal(sweeps, 2);
    sweeps = 0;
    useLink(async (from, to) => {
      if (sweeps++ === 0) {
        await removeUnfinished(folder.path);
        writeFileSync(folder.lock, withId('sweeper'));
      }
      return link(from, to);
    });
    await assert.rejects(
      whileHolding(folder, async () => {}),
      isRefused,
    );
    // A folder that is swept for ever, or gone, is no endless loop.
    rmSync(folder.lock);
    useLink(async (from, to) => {
      await removeUnfinished(folder.path);
      return link(from, to);
    });
    await assert.rejects(
      whileHolding(folder, async () => {}),
      /this lock changes all the time/,
    );
    useLink(async (from, to) => {
      rmSync(folder.path, { recursive: true });
      return link(from, to);
    });
    await assert.rejects(
      whileHolding(folder, async () => {}),
      StorageError,
    );
  } finally {
    useLink(link);
  }
});

test('one that ends its step is waited for: asked to stop, or a worker whose parent is no more', async () => {
  for (const [name, ending] of [
    ['asked', { stopping: true }],
    ['orphan', { parent: { ...thisProcess(), pid: deadPid } }],
  ] as const) {
    const folder = held(name, ending);
    const told: string[] = [];
    let isReleased = false;
    setTimeout(() => {
      isReleased = true;
      rmSync(folder.lock);
    }, 700);
    await untilReleased(folder, { tell: text => told.push(text) });
    assert.ok(isReleased, name);
    assert.equal(told.length, 1);
    assert.match(told[0]!, new RegExp(`^waiting for process ${process.pid}`));
  }
});

test('a holder that is at work, with its parent, is not waited for; a stop ends the waiting', async () => {
  const folder = held('at-work', { parent: thisProcess() });
  const started = performance.now();
  await untilReleased(folder, { tell: () => assert.fail('nothing is waited for') });
  assert.ok(performance.now() - started < 20_000);
  assert.ok(existsSync(folder.lock));
  const stop = AbortSignal.timeout(100);
  await assert.rejects(untilReleased(held('stopped', { stopping: true }), { signal: stop }));
  await untilReleased(held('dead-holder', { pid: deadPid }));
  await untilReleased(runFolder(join(base, 'never')));
});

test('who is asked to stop says in the lock that it does', async () => {
  const folder = runFolder(join(base, 'stopping'));
  const stop = new AbortController();
  const work = async () => {
    assert.equal(readLock(folder.lock)!.stopping, undefined);
    stop.abort();
    for (let tries = 0; readLock(folder.lock)!.stopping !== true; tries++) {
      assert.ok(tries < 500);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  };
  await whileHolding(folder, work, stop.signal);
  assert.deepEqual(readdirSync(folder.path), []);
});
