import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../../src/runs/result.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const parquet = fileURLToPath(new URL('../fixtures/parquet', import.meta.url));

test('a run on a part of a data set says so, and reports every metric of its task', async t => {
  const { folder } = workspace();
  t.after(() => rmSync(folder, { recursive: true }));
  const size = ['--max-steps', '2', '--batch-size', '2', '--max-length', '24', '--threads', '1'];
  const place = ['--task', 'record', '--data', parquet, '--out', 'run'];
  const train = ['train', '--method', 'lora', '--model', tinyModel, ...place, ...size];
  const { exitCode, stdout, stderr } = await runCli(train, folder);
  assert.equal(exitCode, 0, stderr);
  const { task, data, score } = JSON.parse(readFileSync(join(folder, 'run', 'result.json'), 'utf8')) as RunResult;
  const incomplete =
    'the data at hand are not the whole data set: 3 of 100,730 training rows, 3 of 10,000 validation rows';
  assert.equal(task, 'superglue-record');
  assert.deepEqual([data!.validation, data!.test, data!.incomplete], [1, 3, incomplete]);
  assert.match(data!.note, /a fifth of them/);
  assert.deepEqual([score!.metric, Object.keys(score!.details!)], ['token-f1', ['exact-match']]);
  assert.ok(stderr.includes(`warning: ${incomplete}`));
  assert.ok(stdout.includes(`note: ${incomplete}`));
  assert.match(stdout, /this structure, exact-match/);
  const evaluated = await runCli(['evaluate', 'run'], folder);
  assert.match(
    evaluated.stdout,
    /^superglue-record on tiny-t5, test: token-f1 [\d.]+, exact-match [\d.]+ over 3 examples/,
  );
  await runCli(['report', 'run'], folder);
  assert.ok(existsSync(join(folder, 'run', 'report.html')));
  assert.ok(readFileSync(join(folder, 'run', 'report.html'), 'utf8').includes(incomplete));
});
