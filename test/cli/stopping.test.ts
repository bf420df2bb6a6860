import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { runCli, workspace } from './support.ts';

const space = workspace();

test('a page that is closed speaks of no state, and ends well', async () => {
  mkdirSync(join(space.folder, 'runs'));
  const { exitCode, stderr } = await runCli(['serve', 'runs', '--port', '0'], space.folder, (text, interrupt) => {
    if (text.includes('is shown at')) interrupt();
  });
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /closing the page \(Ctrl-C again: at once\)…\n$/);
  assert.doesNotMatch(stderr, /state|resume/);
});

test('a page that somebody looks at is closed by SIGTERM, also over a pipe, and before its folder is there', {
  skip: process.platform === 'win32',
  timeout: 60_000,
}, async () => {
  const folder = join(space.folder, 'later');
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', folder, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  const url = await new Promise<string>(resolve => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const [, shown] = /is shown at (\S+)/.exec(told) ?? [];
      if (shown !== undefined) resolve(shown);
    });
  });
  assert.match(told, /there is no folder .*later yet/);
  const run = join(folder, 'run');
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, 'config.yaml'), 'task: rte\n');
  assert.equal(spawnSync('mkfifo', [join(run, 'metrics.jsonl')]).status, 0);
  const page = await fetch(`${url}api/changes`);
  const reader = page.body!.getReader();
  await reader.read();
  await fetch(`${url}api/run?id=run`);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0, told);
  await reader.cancel().catch(() => undefined);
});

test('only what writes run folders says that it saves its state', () => {
  const saving = Object.keys(commands).filter(name => commands[name]!.stopping?.includes('save'));
  assert.deepEqual(saving.sort(), ['compare', 'demo', 'search', 'spread', 'sweep', 'train', 'transfer']);
});

test('a command is found by its first argument, and nothing else is one', () => {
  assert.equal(commandOf(['serve', 'runs'], commands), commands.serve);
  for (const args of [[], ['nothing'], ['toString'], ['--help']]) assert.equal(commandOf(args, commands), undefined);
});
