import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { type RunResult, readResult, resourcesRatio, writeResult } from '../../src/runs/result.ts';

const search = { seconds: 60, peakBytes: 3e9, evaluations: 500 };
const retrain = { seconds: 20, peakBytes: 2e9, evaluations: 100 };

test('the ratio is search over re-training, and needs both', () => {
  assert.deepEqual(resourcesRatio(search, retrain), { time: 3, memory: 1.5 });
  assert.equal(resourcesRatio(undefined, retrain), undefined);
  assert.equal(resourcesRatio(search, undefined), undefined);
});

const folder = mkdtempSync(join(tmpdir(), 's3delta-result-'));
const result: RunResult = {
  task: 'rte',
  model: 'mini',
  seed: 1,
  budget: { parameters: 100, fraction: 1e-4 },
  structure: { modules: 2, parameters: 90 },
  score: { metric: 'accuracy', validation: 60, test: 58, majority: 50, random: 52 },
  resources: { search, retrain, ratio: { time: 3, memory: 1.5 } },
};

test('a result reads back as written, leaving no other file behind', async () => {
  const file = join(folder, 'result.json');
  assert.equal(await readResult(file), undefined);
  await writeResult(file, result);
  assert.deepEqual(await readResult(file), result);
  assert.deepEqual(readdirSync(folder), ['result.json']);
});

test('fields of a later version are kept, and a score that is no number stays one', async () => {
  const file = join(folder, 'later.json');
  const later = {
    ...result,
    note: 'new',
    score: { ...result.score!, test: Number.NaN, details: { f1: Number.NaN }, spread: 2 },
  };
  await writeResult(file, later);
  assert.deepEqual(await readResult(file), later);
});

test('what is no result is an InputError that names the file and the field', async () => {
  const file = join(folder, 'broken.json');
  const { budget: _, ...withoutBudget } = result;
  for (const [content, field] of [
    [null, /content/],
    [[], /content|task/],
    [withoutBudget, /budget/],
    [{ ...result, score: { ...result.score, test: 'high' } }, /score\.test/],
    [{ ...result, score: { ...result.score, details: { f1: 'high' } } }, /score\.details\.f1/],
    [{ ...result, data: { incomplete: 5 } }, /data/],
    [{ ...result, resources: { search: {} } }, /resources\.search/],
  ] as const) {
    writeFileSync(file, JSON.stringify(content));
    await assert.rejects(readResult(file), (error: Error) => {
      return error instanceof InputError && error.where === file && field.test(error.message);
    });
  }
});
