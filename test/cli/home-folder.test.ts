import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { argsOf } from '../../src/cli/command.ts';
import { worker } from '../../src/cli/commands/queue-commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { withHome } from '../../src/config/parse-settings.ts';
import { cacheFolder } from '../../src/files/folders.ts';
import { defaultDataFolder } from '../../src/tasks/task-places.ts';
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

test('so do each of a list, structure files among methods, and what a variable names', t => {
  withEnvironment(t, {
    HOME: '/home/me',
    USERPROFILE: '/home/me',
    S3DELTA_CACHE: '~/cache',
    S3DELTA_SHARED: '~/shared',
  });
  const given = parseArguments(['--allow=~/a,b,~/c'], argsOf(worker));
  assert.equal(given.allow, '/home/me/a,b,/home/me/c');
  assert.deepEqual(withHome({ methods: ['lora', '~/s.json'], task: '~' }), {
    methods: ['lora', '/home/me/s.json'],
    task: '/home/me',
  });
  assert.deepEqual([cacheFolder(), defaultDataFolder()], ['/home/me/cache', join('/home/me/shared', 'data')]);
});
