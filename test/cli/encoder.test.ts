import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { fixturePath } from '../witness/fixtures.ts';
import { runCli } from './support.ts';

const words = { pan: ['bad', 'dull', 'poor'], praise: ['fine', 'good', 'nice'] } as const;
const rows = Array.from({ length: 60 }, (_, i) => {
  const label = i % 2 === 0 ? 'pan' : 'praise';
  return `a ${words[label][i % 3]} film ${i},${label}`;
});
const task = [
  'name: films',
  'template: "{text}"',
  'label: label',
  'labels: { pan: "0", praise: "1" }',
  'metric: accuracy',
  'files: { train: films.csv }',
];

test('an encoder is searched, trained, asked, planned on a csv, its head beside the budget, and exported', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 's3delta-encoder-'));
  writeFileSync(join(cwd, 'films.csv'), `text,label\n${rows.join('\n')}\n`);
  writeFileSync(join(cwd, 'task.yaml'), `${task.join('\n')}\n`);
  const shared = [`--model=${fixturePath('tiny-bert')}`, '--task=task.yaml', '--budget=5%', '--seed=1', '--threads=1'];
  const sizes = ['--batch-size=12', '--max-steps=12', '--eval-every=6', '--retrain-eval-every=6', '--lr=0.02'];
  const searched = await runCli(['search', ...shared, ...sizes, '--order=first', '--out=run'], cwd);
  assert.equal(searched.exitCode, 0, searched.stderr);
  assert.match(searched.stdout, /beside it a head of 66 parameters/);

  const result = JSON.parse(readFileSync(join(cwd, 'run', 'result.json'), 'utf8')) as RunResult;
  assert.equal(result.structure.head, 66);
  assert.ok(result.structure.parameters <= result.budget.parameters);
  assert.ok(result.score!.test > 60);
  const { tensors } = await readSafetensors(join(cwd, 'run', 'delta.safetensors'));
  assert.deepEqual(tensors.get('classifier.weight')?.shape, [2, 32]);

  const asked = await runCli(['predict', 'run', 'a fine film', '--json'], cwd);
  assert.match(asked.stdout, /"label":\s*"(praise|pan)"/);
  const planned = await runCli(['plan', ...shared, '--no-timing'], cwd);
  assert.match(planned.stdout, /beside the budget: a head of 66 parameters/, planned.stderr);
  const exported = await runCli(['export', 'run', '--format=onnx', '--out=exported'], cwd);
  assert.equal(exported.exitCode, 0, exported.stderr);
  const again = await runCli(['predict', 'exported', 'a fine film', '--json'], cwd);
  const [before, after] = [asked, again].map(({ stdout }) => JSON.parse(stdout).predictions[0]);
  assert.equal(after.label, before.label);
  assert.ok(Math.abs(after.probability - before.probability) < 1e-4);
});
