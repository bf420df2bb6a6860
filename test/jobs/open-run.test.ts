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
import type { RunInputs } from '../../src/runs/inputs.ts';
import { appendMetrics, readMetrics } from '../../src/runs/metrics-log.ts';
import { runFolder } from '../../src/runs/run-folder.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-open-'));
const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };
const settings = resolveSettings(
  { model: 'm', task: 't', strategy: 'bilevel', seed: 5, threads: 2 },
  { maxLength: 64, search: stage, retrain: stage },
);

const set = { rows: 2, sha256: 'a' };
const inputs: RunInputs = {
  version: 1,
  task: { name: 't', metric: 'accuracy', labels: ['no', 'yes'] },
  data: { train: set, validation: set, test: set, files: [{ path: '/t.csv', bytes: 3, sha256: 'c' }] },
  model: { name: 'm', files: { 'model.safetensors': 'b' } },
};
const begun = (changes: Partial<typeof settings> = {}) => ({ settings: { ...settings, ...changes }, inputs });

test('a new run takes what is given and touches nothing before it begins', () => {
  const folder = runFolder(join(base, 'new'));
  assert.equal(settingsOfRun({ task: 't' }, folder, false).task, 't');
  assert.equal(existsSync(folder.path), false);
});

test('the config of a run holds every setting and what computes it, and is a config again', async () => {
  const folder = runFolder(join(base, 'config'));
  await beginRun(folder, begun());
  assert.deepEqual(readConfigFile(folder.config), settings);
  assert.match(readFileSync(folder.config, 'utf8'), /versions:[\s\S]*node: v\d+[\s\S]*onnxruntime-node: \d+/);
});

test('a resumed run has the settings it was begun with; only how it computes may change', async () => {
  const folder = runFolder(join(base, 'resumed'));
  await beginRun(folder, begun());
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

test('a run that was begun before there were strategies goes on with the one that there was', async () => {
  const folder = runFolder(join(base, 'older'));
  await beginRun(folder, begun());
  writeFileSync(folder.config, readFileSync(folder.config, 'utf8').replace(/^strategy: .*\n/m, ''));
  assert.equal(readConfigFile(folder.config).strategy, undefined);
  const resumed = settingsOfRun({ strategy: 'bilevel' }, folder, true);
  assert.deepEqual(resumed, settings);
  await beginRun(folder, begun());
});

test('a search that was begun before there was a key goes on as it was meant then', async () => {
  const folder = runFolder(join(base, 'before-fitting-only'));
  await beginRun(folder, begun());
  const config = readFileSync(folder.config, 'utf8');
  assert.match(config, /^fitting-only: true$/m);
  assert.equal(settingsOfRun({}, folder, true)['fitting-only'], true);
  writeFileSync(folder.config, config.replace(/^fitting-only: .*\n/m, ''));
  const resumed = settingsOfRun({}, folder, true);
  assert.equal(resumed['fitting-only'], false);
  assert.equal(resumed['search-lr'], settings.lr);
  // What is filled in is what the run was begun with, for whoever names it too.
  await beginRun(folder, begun({ 'fitting-only': false, 'search-lr': settings.lr }));
  assert.throws(() => settingsOfRun({ 'fitting-only': true }, folder, true), /`fitting-only` false/);
  // Which of a run's options say something is its strategy's to know.
  writeFileSync(
    folder.config,
    config.replace(/^fitting-only: .*\n/m, '').replace('strategy: bilevel', 'strategy: random'),
  );
  assert.equal(settingsOfRun({}, folder, true)['fitting-only'], undefined);
});

test('resuming what was stopped before it began is beginning', () => {
  const given = { task: 't', seed: 9 };
  assert.deepEqual(settingsOfRun(given, runFolder(join(base, 'never')), true), given);
});

test('going on on another device is allowed, and said', async () => {
  const folder = runFolder(join(base, 'moved'));
  const warnings: string[] = [];
  const onEvent = (event: JobEvent) => event.type === 'warning' && warnings.push(event.text);
  await beginRun(folder, begun(), { onEvent });
  await beginRun(folder, begun(), { onEvent });
  assert.deepEqual(warnings, []);
  await beginRun(folder, begun({ device: 'webgpu' }), { onEvent });
  assert.match(warnings.join(), /begun on cpu and now continues on webgpu/);
  assert.match(readFileSync(folder.config, 'utf8'), /^device: cpu$[\s\S]*^versions:$[\s\S]*^ +device: cpu$/m);
});

test('beginning again keeps the config and the whole lines of the metrics', async () => {
  const folder = runFolder(join(base, 'again'));
  await beginRun(folder, begun());
  const before = readFileSync(folder.config, 'utf8');
  const line = { stage: 'search', step: 1, steps: 2, loss: 1, learningRate: 1, score: 1, best: 1, seconds: 1 } as const;
  appendMetrics(folder.metrics, line);
  await beginRun(folder, begun({ threads: 1 }));
  assert.equal(readFileSync(folder.config, 'utf8'), before);
  assert.deepEqual(readMetrics(folder.metrics), [line]);
});

test('a run goes on with the data, the task and the model that it was begun with, or not at all', async () => {
  const folder = runFolder(join(base, 'inputs'));
  await beginRun(folder, begun());
  await beginRun(folder, begun());
  const { data, task, model } = inputs;
  const cases: readonly [Partial<RunInputs>, string][] = [
    [
      { data: { ...data, train: { rows: 3, sha256: 'x' }, files: [{ path: '/t.csv', bytes: 4, sha256: 'd' }] } },
      'examples of train (2 rows then, 3 now): /t.csv',
    ],
    [{ data: { ...data, test: { rows: 2, sha256: 'x' } } }, 'examples of test (2 rows, others than then)'],
    [{ task: { ...task, labels: ['yes', 'no'] } }, `the task's labels: ["no","yes"] then, ["yes","no"] now`],
    [{ model: { ...model, files: { 'model.safetensors': 'z' } } }, `the model's model.safetensors has changed`],
    [{ model: { ...model, files: {} } }, `the model's model.safetensors is gone`],
  ];
  for (const [changes, says] of cases) {
    await assert.rejects(
      beginRun(folder, { settings, inputs: { ...inputs, ...changes } }),
      (error: InputError) => error.code === 'other-inputs' && error.what.endsWith(`has changed: ${says}`),
    );
  }
  // The same rows in a file that was moved are the same.
  const moved = [{ path: '/other/t.csv', bytes: 3, sha256: 'c' }];
  await beginRun(folder, { settings, inputs: { ...inputs, data: { ...data, files: moved } } });
});
