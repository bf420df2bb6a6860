import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withEnvironment } from '../hub/hub-server.ts';
import { runCli, tinyModel, workspace } from './support.ts';

test('a run, and its export, go below the home folder where `~` says so', async t => {
  const { folder, task, list } = workspace();
  const home = join(folder, 'home');
  mkdirSync(home);
  withEnvironment(t, { HOME: home, USERPROFILE: home });
  const common = ['--model', tinyModel, '--task', task, '--method', 'bitfit', '--max-steps', '1', '--threads', '1'];
  const trained = await runCli(['train', ...common, '--out=~/run'], folder);
  assert.equal(trained.exitCode, 0, trained.stderr);
  const exported = await runCli(['export', join(home, 'run'), '--format=onnx', '--out=~/exported'], folder);
  assert.equal(exported.exitCode, 0, exported.stderr);
  assert.ok(existsSync(join(home, 'run', 'result.json')) && existsSync(join(home, 'exported', 's3delta.json')));
  assert.ok(list().every(name => !name.includes('~')));
});
