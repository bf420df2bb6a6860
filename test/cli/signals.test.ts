import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { workspace } from './support.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/** A search that takes longer than any of these tests waits for it. */
const longSearch = (task: string, model: string) => [
  ...['search', '--task', task, '--model', model, '--budget', '2000', '--max-length', '16'],
  ...['--max-steps', '100000', '--epochs', '100000', '--eval-every', '5', '--batch-size', '4', '--out', 'run'],
];

/** Waits until the search has saved a state. */
async function underWay(folder: string): Promise<void> {
  const checkpoint = join(folder, 'run', 'checkpoint', 'search.safetensors');
  for (let tries = 0; !existsSync(checkpoint); tries++) {
    if (tries > 1200) throw new Error('the search has not begun within a minute');
    await setTimeout(50);
  }
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

const start = (command: readonly string[], folder: string, stdio: ('ignore' | 'pipe' | number)[]) =>
  spawn(process.execPath, command, { cwd: folder, stdio, env: { ...process.env, NO_COLOR: '1' } });

for (const [signal, exitCode] of [
  ['SIGHUP', 129],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} saves the state, a second one waits for it too, and the exit code tells which it was`, {
    skip: process.platform === 'win32',
  }, async () => {
    const space = workspace();
    const args = longSearch(space.task, space.copyModel('model'));
    const child = start([path('src/cli/main.ts'), ...args], space.folder, ['ignore', 'ignore', 'pipe']);
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await underWay(space.folder);
    child.kill(signal);
    child.kill(signal);
    assert.equal(await ended(child), exitCode, stderr);
    assert.match(stderr, new RegExp(`^${signal}: stopping after this step, to save the state…$`, 'm'));
    assert.doesNotMatch(stderr, /Ctrl-C/);
    assert.match(stderr, /--resume/);
  });
}

test('a log on a full disk costs no work', { skip: !existsSync('/dev/full') }, async () => {
  const space = workspace();
  const full = openSync('/dev/full', 'w');
  const args = longSearch(space.task, space.copyModel('model')).map(arg => (arg === '100000' ? '10' : arg));
  const child = start([path('src/cli/main.ts'), ...args, '--no-retrain'], space.folder, ['ignore', 'ignore', full]);
  assert.equal(await ended(child), 0);
  closeSync(full);
  assert.ok(existsSync(join(space.folder, 'run', 'structure.json')));
});

test('output that a full disk refuses is told in a sentence', { skip: !existsSync('/dev/full') }, async () => {
  const space = workspace();
  const full = openSync('/dev/full', 'w');
  const child = start([path('src/cli/main.ts'), 'tasks'], space.folder, ['ignore', full, 'pipe']);
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  assert.equal(await ended(child), 1);
  closeSync(full);
  assert.match(stderr, /^error: stdout: the output could not be written: .*ENOSPC.*\n→ /);
  assert.doesNotMatch(stderr, /\n\s+at /);
});

test('a program that is handed over to ends with the one that started it, its state saved', async () => {
  const space = workspace();
  const args = longSearch(space.task, space.copyModel('model'));
  const code = `import { handOver } from ${JSON.stringify(new URL('../../bin/start-node.mjs', import.meta.url).href)};
    process.exit(await handOver(process.execPath, ${JSON.stringify([path('src/cli/main.ts'), ...args])}));`;
  const launcher = start(['--input-type=module', '--eval', code], space.folder, ['ignore', 'ignore', 'ignore']);
  await underWay(space.folder);
  launcher.kill('SIGKILL');
  await ended(launcher);
  for (let tries = 0; existsSync(join(space.folder, 'run', 'lock.json')); tries++) {
    if (tries > 600) throw new Error('the search goes on without its launcher');
    await setTimeout(50);
  }
});

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const) {
  test(`a launcher hands ${signal} on, and ends as its child does`, {
    skip: process.platform === 'win32',
  }, async () => {
    const space = workspace();
    const args = longSearch(space.task, space.copyModel('model'));
    const code = `import { handOver } from ${JSON.stringify(new URL('../../bin/start-node.mjs', import.meta.url).href)};
    process.exit(await handOver(process.execPath, ${JSON.stringify([path('src/cli/main.ts'), ...args])}));`;
    const launcher = start(['--input-type=module', '--eval', code], space.folder, ['ignore', 'ignore', 'ignore']);
    await underWay(space.folder);
    launcher.kill(signal);
    assert.equal(await ended(launcher), exitCode);
  });
}
