import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { start } from '../faults/runs.ts';
import { runCli, runCliUntil, tinyModel, workspace } from './support.ts';

const space = workspace();
const run = join(space.folder, 'run');
const common = ['--model', tinyModel, '--task', space.task, '--threads', '1', '--max-length', '16'];

test('a run stopped in its training says so, with the command that goes on, whatever is asked of it', async () => {
  const long = ['--retrain-epochs', '100000', '--retrain-eval-every', '1'];
  const args = ['train', ...common, '--method', 'lora', ...long, '--max-steps', '100000', '--out', run];
  const stopped = await runCliUntil(join(run, 'checkpoint', 'retrain.safetensors'), args, space.folder);
  assert.equal(stopped.exitCode, 130, stopped.stderr);
  const { ended, by, place } = JSON.parse(readFileSync(join(run, 'outcome.json'), 'utf8'));
  assert.deepEqual([ended, by, place.stage, place.steps], ['stopped', 'SIGINT', 'retrain', 100000]);
  for (const asked of [
    ['predict', run, 'a film'],
    ['evaluate', run],
    ['export', run, '--format', 'safetensors'],
    ['report', run],
  ]) {
    const { exitCode, stderr } = await runCli(asked, space.folder);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: .*: it was stopped by SIGINT in the training, after step \d+ of 100000\n/);
    assert.match(stderr, new RegExp(`\n→ go on with: s3delta train --resume --out ${run}\n$`));
  }
});

test('one that diverged says how to start anew, and does not go round in a circle', async () => {
  const wild = join(space.folder, 'wild');
  const args = ['search', ...common, '--strategy', 'bilevel', '--budget', '500', '--lr', '100', '--max-steps', '4'];
  const { exitCode, stderr } = await runCli([...args, '--out', wild], space.folder);
  assert.equal(exitCode, 2, stderr);
  const anew = `start anew: s3delta search ${wild}/config.yaml --lr 0.003 --out ${wild}-2`;
  assert.ok(stderr.includes(anew), stderr);
  const again = await runCli(['search', '--resume', '--out', wild], space.folder);
  assert.equal(again.exitCode, 2);
  assert.match(again.stderr, /this run has failed in the search, after step \d+ of \d+: .*, and would again/);
  assert.ok(again.stderr.includes(`${wild}/config.yaml --lr 0.003`), again.stderr);
  // The command that is named is one.
  const [command, ...flags] = anew.replace('start anew: s3delta ', '').split(' ');
  const second = await runCli([command!, ...flags], space.folder);
  assert.equal(second.exitCode, 0, second.stderr);
});

test('one that was killed is told from one that was stopped', async () => {
  const dead = join(space.folder, 'dead');
  const args = ['train', ...common, '--method', 'lora', '--max-steps', '4', '--out', dead];
  const { signal } = await start(args, { fault: { S3DELTA_FAULT: 'kill@40' } });
  assert.equal(signal, 'SIGKILL');
  const { stderr } = await runCli(['predict', dead, 'a film'], space.folder);
  assert.match(
    stderr,
    /: it was killed.*: its process is no more, and left no word\n→ go on with: s3delta train --resume/,
  );
});
