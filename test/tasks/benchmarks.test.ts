import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';

const data = join(process.env.S3DELTA_SHARED ?? '../shared', 'data');
const skip = existsSync(join(data, 'glue')) ? false : `no data sets at ${data}`;

// The paper's tables 3 and 4 and section 7, and the labels' number: metric, details, labels, longest source, presets.
const described: Record<string, [string, string[] | undefined, number | undefined, number, number[], number[]]> = {
  cola: ['matthews', undefined, 2, 128, [32, 15, 100], [32, 15, 100]],
  mnli: ['accuracy', undefined, 3, 128, [32, 1, 200], [32, 3, 500]],
  mrpc: ['f1', ['accuracy'], 2, 128, [32, 20, 50], [32, 20, 50]],
  qnli: ['accuracy', undefined, 2, 128, [32, 4, 200], [32, 4, 200]],
  qqp: ['f1', ['accuracy'], 2, 128, [32, 1, 200], [32, 3, 500]],
  rte: ['accuracy', undefined, 2, 128, [16, 20, 50], [16, 40, 50]],
  sst2: ['accuracy', undefined, 2, 128, [32, 5, 150], [32, 5, 150]],
  stsb: ['pearson', undefined, undefined, 128, [32, 40, 100], [32, 40, 100]],
  wnli: ['accuracy', undefined, 2, 128, [16, 20, 50], [16, 40, 50]],
  'superglue-boolq': ['accuracy', undefined, 2, 256, [16, 15, 200], [16, 15, 200]],
  'superglue-cb': ['accuracy', undefined, 3, 256, [16, 60, 20], [16, 60, 20]],
  'superglue-copa': ['accuracy', undefined, 2, 256, [16, 40, 20], [16, 40, 20]],
  'superglue-multirc': ['f1', ['group-accuracy', 'accuracy'], 2, 256, [16, 5, 200], [16, 10, 200]],
  'superglue-record': ['token-f1', ['exact-match'], undefined, 512, [8, 1, 200], [8, 1, 200]],
  'superglue-rte': ['accuracy', undefined, 2, 256, [16, 20, 50], [16, 40, 50]],
  'superglue-wic': ['accuracy', undefined, 2, 256, [16, 20, 100], [16, 20, 100]],
};

for (const [name, expected] of Object.entries(described)) {
  test(`${name}: metric, labels, length, and table 3's presets`, async () => {
    const { metric, details, labels, maxSourceLength, presets } = await loadTask(name);
    const sizes = [presets.search, presets.retrain].map(stage => [stage.batchSize, stage.epochs, stage.evaluateEvery]);
    assert.deepEqual([metric, details, labels?.length, maxSourceLength, ...sizes], expected);
    assert.equal(new Set(labels).size, labels?.length ?? 0);
  });
}

// Rows of training, validation and test set of the data at hand, and what they lack.
const sizes: Record<string, [number[], RegExp | undefined]> = {
  cola: [[8551, 521, 522], undefined],
  mnli: [[7200, 1799, 1000], /8,999 of 392,702 training rows, 1,000 of 9,815 validation rows/],
  mrpc: [[3668, 204, 204], undefined],
  qnli: [[3277, 1093, 1093], /whole data set: 0 of 104,743 training rows$/],
  qqp: [[7200, 1799, 1000], /8,999 of 363,846 training rows, 1,000 of 40,430 validation rows/],
  rte: [[2490, 138, 139], undefined],
  sst2: [[65_349, 2000, 872], undefined],
  stsb: [[5749, 750, 750], undefined],
  wnli: [[635, 35, 36], undefined],
  'superglue-boolq': [[1962, 654, 654], /0 of 9,427 training rows$/],
  'superglue-cb': [[250, 28, 28], undefined],
  'superglue-copa': [[400, 50, 50], undefined],
  'superglue-record': [[26, 6, 32], /32 of 100,730 training rows, 32 of 10,000 validation rows/],
  'superglue-rte': [[2490, 138, 139], undefined],
  'superglue-wic': [[5428, 319, 319], undefined],
};

test('the data at hand: sizes of the sets, and what they lack', { skip }, async () => {
  for (const [name, [expected, lack]] of Object.entries(sizes)) {
    const task = await loadTask(name);
    assert.ok(task.find(data)?.startsWith(data), name);
    const { train, validation, test, note, incomplete } = await loadTaskData(task, { data, seed: 0 });
    assert.deepEqual([train.length, validation.length, test.length], expected, name);
    assert.ok(note.length > 20);
    if (lack === undefined) assert.equal(incomplete, undefined, name);
    else assert.match(incomplete!, lack, name);
  }
});

test('MultiRC: halves that keep the answers of one question together', { skip }, async () => {
  const { train, validation, test } = await loadTaskData(await loadTask('multirc'), { data, seed: 0 });
  assert.deepEqual([train.length, validation.length + test.length], [27_243, 4848]);
  assert.ok(Math.abs(validation.length - test.length) < 20);
  const questions = new Set(validation.map(({ group }) => group));
  assert.ok(questions.size > 400);
  assert.equal(test.filter(({ group }) => questions.has(group)).length, 0);
});
