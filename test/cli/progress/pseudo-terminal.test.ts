import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tinyModel, workspace } from '../support.ts';
import { fakeTerminal } from './fake-terminal.ts';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
// util-linux's `script` gives a command a real terminal of its own; other systems' take other arguments.
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const skip = hasScript ? false : 'needs the command script of util-linux';
const columns = 50;

/** Runs a search with stderr on a pseudo terminal of 50 × 20, and Ctrl-C typed after `interruptAfter` has come. */
function runOnTerminal(
  args: readonly string[],
  interruptAfter?: RegExp,
): Promise<{ output: string; exitCode: number }> {
  const space = workspace();
  const quoted = ['search', '--model', tinyModel, '--task', space.task, '--budget', '500', '--out', 'run', ...args];
  const command = `stty cols ${columns} rows 20; '${process.execPath}' '${main}' '${quoted.join("' '")}' > result.txt`;
  const record = join(mkdtempSync(join(tmpdir(), 's3delta-terminal-')), 'record');
  const { NO_COLOR: _, ...env } = process.env;
  const child = spawn('script', ['-qec', command, record], { cwd: space.folder, env: { ...env, TERM: 'xterm' } });
  let output = '';
  let interrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (interrupted || !interruptAfter?.test(output)) return;
    interrupted = true;
    child.stdin.write('\u0003');
  });
  // What is waited for may never come: then the test fails with what has come, and leaves nothing running.
  const patience = setTimeout(() => child.kill('SIGHUP'), 120_000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', exitCode => {
      clearTimeout(patience);
      resolve({ output, exitCode: exitCode ?? -1 });
    });
  });
}

/** The output as the terminal shows it at its end. What the terminal itself echoes is no output of ours. */
function replay(output: string) {
  const terminal = fakeTerminal(columns, 20);
  terminal.write(output.replaceAll('^C', ''));
  return terminal;
}

test('on a real terminal a block is painted in colours, and leaves one line a stage', { skip }, async () => {
  const { output, exitCode } = await runOnTerminal(['--strategy', 'bilevel', '--no-retrain', '--epochs', '20']);
  assert.equal(exitCode, 0, output);
  const terminal = replay(output);
  assert.ok(terminal.cursorVisible());
  assert.ok(terminal.colours() > 0);
  assert.match(output, /would keep\S* \d+/);
  const shown = terminal.lines().join('');
  assert.match(shown, /search (\d+)\/\1 {2}loss [\d.]+ {2}validation/);
  assert.doesNotMatch(shown, /━|─/);
});

test('Ctrl-C typed there gives the cursor back', { skip }, async () => {
  const { output, exitCode } = await runOnTerminal(['--epochs', '100000'], /would keep/);
  assert.equal(exitCode, 130, output);
  const terminal = replay(output);
  assert.ok(terminal.cursorVisible());
  assert.match(terminal.lines().join(''), /go on with: s3delta search --resume --out run/);
});
