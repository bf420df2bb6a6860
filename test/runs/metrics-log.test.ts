import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendMetrics, type MetricsLine, readMetrics, repairMetrics } from '../../src/runs/metrics-log.ts';

const base = mkdtempSync(join(tmpdir(), 's3delta-metrics-'));

function line(changes: Partial<MetricsLine>): MetricsLine {
  return {
    stage: 'search',
    step: 10,
    steps: 100,
    loss: 0.5,
    learningRate: 1e-3,
    score: 60,
    best: 60,
    seconds: 1,
    ...changes,
  };
}

test('lines come back in the order written', () => {
  const file = join(base, 'a.jsonl');
  const lines = [line({ step: 10 }), line({ step: 20, loss: null }), line({ stage: 'retrain', step: 10 })];
  for (const each of lines) appendMetrics(file, each);
  assert.deepEqual(readMetrics(file), lines);
});

test('no file, no lines', async () => {
  const file = join(base, 'none.jsonl');
  assert.deepEqual(readMetrics(file), []);
  await repairMetrics(file);
  assert.deepEqual(readMetrics(file), []);
});

test('a step done again counts once, and a line cut short by a crash is left out', async () => {
  const file = join(base, 'b.jsonl');
  appendMetrics(file, line({ step: 10, score: 50 }));
  appendMetrics(file, line({ step: 10, score: 55 }));
  appendFileSync(file, '{"stage":"search","st');
  assert.deepEqual(readMetrics(file), [line({ step: 10, score: 55 })]);
  await repairMetrics(file);
  appendMetrics(file, line({ step: 20 }));
  assert.deepEqual(readMetrics(file), [line({ step: 10, score: 55 }), line({ step: 20 })]);
  assert.ok(readFileSync(file, 'utf8').endsWith('}\n'));
});
