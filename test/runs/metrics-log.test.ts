import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/core/errors.ts';
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

test('a file that holds nothing but a line cut short is emptied, so that the next line is whole', async () => {
  const file = join(base, 'c.jsonl');
  appendFileSync(file, '{"stage":"sea');
  await repairMetrics(file);
  appendMetrics(file, line({ step: 10 }));
  assert.deepEqual(readMetrics(file), [line({ step: 10 })]);
});

test('what is no line of metrics is passed over', () => {
  const file = join(base, 'd.jsonl');
  appendFileSync(file, 'null\n5\n"text"\n[]\n{}\n\u0000\n{"stage":"search","step":1,"trial":5}\n');
  assert.deepEqual(readMetrics(file), []);
});

test('a file that cannot be written is told of by its name', () => {
  const file = join(base, 'none', 'e.jsonl');
  assert.throws(
    () => appendMetrics(file, line({})),
    (error: Error) => error instanceof StorageError && error.where === file,
  );
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
