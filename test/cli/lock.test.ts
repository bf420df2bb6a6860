import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Finished, runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
const common = ['--model', tinyModel, '--task', space.task, '--seed', '3', '--threads', '1', '--out', 'run'];

test('of two processes on one run folder the second is refused, with the pid of the first', async () => {
  const lock = join(space.folder, 'run', 'lock.json');
  const others: Promise<Finished>[] = [];
  let pid = 0;
  const endless = ['search', ...common, '--budget', '500', '--max-steps', '100000', '--epochs', '100000'];
  const first = await runCli(endless, space.folder, (text, interrupt) => {
    if (others.length > 0 || !text.includes('search begins')) return;
    pid = (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid;
    others.push(
      runCli(['search', '--resume', '--out', 'run'], space.folder),
      runCli(['search', ...common, '--budget', '500'], space.folder),
      runCli(['train', ...common, '--method', 'lora'], space.folder),
    );
    void Promise.all(others).then(interrupt);
  });
  assert.equal(first.exitCode, 130, first.stderr);
  assert.ok(pid > 0);
  for (const { exitCode, stderr } of await Promise.all(others)) {
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, new RegExp(`lock\\.json: process ${pid} on .* works on this run`));
  }
  assert.equal(existsSync(lock), false);
});
