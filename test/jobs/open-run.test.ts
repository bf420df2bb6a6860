import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfigFile } from '../../src/config/config-file.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { InputError } from '../../src/core/errors.ts';
import type { JobEvent } from '../../src/jobs/job-events.ts';
import { beginRun, settingsOfRun } from '../../src/jobs/open-run.ts';
import { appendMetrics, readMetrics } from '../../src/runs/metrics-log.ts';
import { runFolder } from '../../src/runs/run-folder.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-open-'));
const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };
const settings = resolveSettings(
  { model: 'm', task: 't', seed: 5, threads: 2 },
  { maxLength: 64, search: stage, retrain: stage },
);

test('a new run takes what is given and touches nothing before it begins', () => {
  const folder = runFolder(join(base, 'new'));
  assert.equal(settingsOfRun({ task: 't' }, folder, false).task, 't');
  assert.equal(existsSync(folder.path), false);
});

test('the config of a run holds every setting and what computes it, and is a config again', async () => {
  const folder = runFolder(join(base, 'config'));
  await beginRun(folder, settings);
  assert.deepEqual(readConfigFile(folder.config), settings);
  assert.match(readFileSync(folder.config, 'utf8'), /versions:[\s\S]*node: v\d+[\s\S]*onnxruntime-node: \d+/);
});

test('a resumed run has the settings it was begun with; only how it computes may change', async () => {
  const folder = runFolder(join(base, 'resumed'));
  await beginRun(folder, settings);
  assert.deepEqual(settingsOfRun({}, folder, true), settings);
  assert.equal(settingsOfRun({ seed: 5, threads: 1, device: 'cpu' }, folder, true).threads, 1);
  for (const [key, given] of [
    ['seed', { seed: 6 }],
    ['budget', { budget: '2bp' }],
    ['method', { method: 'lora' }],
    ['precision', { precision: 'int8' }],
  ] as const) {
    assert.throws(
      () => settingsOfRun(given, folder, true),
      (error: InputError) => error instanceof InputError && error.message.includes(`\`${key}\``),
    );
  }
  assert.throws(() => settingsOfRun({}, folder, false), InputError);
});

test('a run that was begun before there were strategies goes on with the first', async () => {
  const folder = runFolder(join(base, 'older'));
  await beginRun(folder, settings);
  writeFileSync(folder.config, readFileSync(folder.config, 'utf8').replace(/^strategy: .*\n/m, ''));
  assert.equal(readConfigFile(folder.config).strategy, undefined);
  const resumed = settingsOfRun({ strategy: 'bilevel' }, folder, true);
  assert.deepEqual(resumed, settings);
  await beginRun(folder, settings);
});

test('resuming what was stopped before it began is beginning', () => {
  const given = { task: 't', seed: 9 };
  assert.deepEqual(settingsOfRun(given, runFolder(join(base, 'never')), true), given);
});

test('going on on another device is allowed, and said', async () => {
  const folder = runFolder(join(base, 'moved'));
  const warnings: string[] = [];
  const onEvent = (event: JobEvent) => event.type === 'warning' && warnings.push(event.text);
  await beginRun(folder, settings, { onEvent });
  await beginRun(folder, settings, { onEvent });
  assert.deepEqual(warnings, []);
  await beginRun(folder, { ...settings, device: 'webgpu' }, { onEvent });
  assert.match(warnings.join(), /begun on cpu and now continues on webgpu/);
  assert.match(readFileSync(folder.config, 'utf8'), /^device: cpu$[\s\S]*^versions:$[\s\S]*^ +device: cpu$/m);
});

test('beginning again keeps the config and the whole lines of the metrics', async () => {
  const folder = runFolder(join(base, 'again'));
  await beginRun(folder, settings);
  const before = readFileSync(folder.config, 'utf8');
  const line = { stage: 'search', step: 1, steps: 2, loss: 1, learningRate: 1, score: 1, best: 1, seconds: 1 } as const;
  appendMetrics(folder.metrics, line);
  await beginRun(folder, { ...settings, threads: 1 });
  assert.equal(readFileSync(folder.config, 'utf8'), before);
  assert.deepEqual(readMetrics(folder.metrics), [line]);
});
