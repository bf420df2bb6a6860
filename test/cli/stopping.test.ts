import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands/commands.ts';
import { commandOf } from '../../src/cli/run.ts';
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

test('only what writes run folders says that it saves its state', () => {
  const saving = Object.keys(commands).filter(name => commands[name]!.stopping?.includes('save'));
  assert.deepEqual(saving.sort(), ['compare', 'demo', 'search', 'sweep', 'train', 'transfer']);
});

test('a command is found by its first argument, and nothing else is one', () => {
  assert.equal(commandOf(['serve', 'runs'], commands), commands.serve);
  for (const args of [[], ['nothing'], ['toString'], ['--help']]) assert.equal(commandOf(args, commands), undefined);
});
