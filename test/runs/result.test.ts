import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RunResult, readResult, resourcesRatio, writeResult } from '../../src/runs/result.ts';

const search = { seconds: 60, peakBytes: 3e9, evaluations: 500 };
const retrain = { seconds: 20, peakBytes: 2e9, evaluations: 100 };

test('the ratio is search over re-training, and needs both', () => {
  assert.deepEqual(resourcesRatio(search, retrain), { time: 3, memory: 1.5 });
  assert.equal(resourcesRatio(undefined, retrain), undefined);
  assert.equal(resourcesRatio(search, undefined), undefined);
});

test('a result reads back as written, leaving no other file behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-result-'));
  const file = join(folder, 'result.json');
  assert.equal(await readResult(file), undefined);
  const result: RunResult = {
    task: 'rte',
    model: 'mini',
    seed: 1,
    budget: { parameters: 100, fraction: 1e-4 },
    structure: { modules: 2, parameters: 90 },
    score: { metric: 'accuracy', validation: 60, test: 58, majority: 50, random: 52 },
    resources: { search, retrain, ratio: { time: 3, memory: 1.5 } },
  };
  await writeResult(file, result);
  assert.deepEqual(await readResult(file), result);
  assert.deepEqual(readdirSync(folder), ['result.json']);
});
