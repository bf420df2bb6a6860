import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../../src/core/program.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { sideBySide, sourceRows } from '../../../src/models/t5/side-by-side.ts';
import type { T5Config } from '../../../src/models/t5/t5-checkpoint.ts';

const config = { padId: 0, numBuckets: 8, maxDistance: 16 } as T5Config;
const lengthsIn = (rows: readonly number[][], lengths: readonly number[]) =>
  rows.map(row => row.reduce((sum, text) => sum + lengths[text]!, 0));

test('short texts share rows of about one length, and each stands in one of them', () => {
  const lengths = Array.from({ length: 32 }, (_, i) => 16 + ((5 * i) % 12));
  const rows = sideBySide(lengths, 4);
  assert.deepEqual(
    rows.flat().sort((a, b) => a - b),
    [...lengths.keys()],
  );
  assert.equal(rows.length, 8);
  const tokens = lengthsIn(rows, lengths);
  assert.ok(Math.max(...tokens) <= 88, `${tokens}`);
});

test('a row is not longer than the longest text, and has no more answers than a row has room for', () => {
  const uneven = [300, 20, 30, 40, 20, 30, 150];
  const rows = sideBySide(uneven, 4);
  assert.deepEqual([rows.length, Math.max(...lengthsIn(rows, uneven))], [3, 300]);
  const many = sideBySide(new Array(8).fill(10), 60);
  assert.deepEqual(
    many.map(row => row.length),
    [2, 2, 2, 2],
  );
  assert.equal(sideBySide(new Array(8).fill(10), 500).length, 8);
});

test('where that saves nothing each text has its own row', () => {
  assert.deepEqual(sideBySide([80, 80, 80], 4), [[0], [1], [2]]);
  assert.deepEqual(sideBySide([7], 4), [[0]]);
});

test('tokens see their own text, and padding none', () => {
  const { feeds, maskFor } = sourceRows([[[5, 6], [7]], [[8]]], config);
  const seen = (mask: ArrayLike<unknown>) => Array.from(mask, value => Number(value === 0)).join('');
  assert.deepEqual([...feeds.inputIds!.data], [5, 6, 7, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(feeds.sourceMask!.dims, [2, 1, 8, 8]);
  assert.equal(seen(feeds.sourceMask!.data.slice(0, 24)), '110000001100000000100000');
  const mask = maskFor([0, 1]);
  assert.deepEqual(mask.dims, [2, 1, 2, 8]);
  assert.equal(seen(mask.data), '11000000001000001000000000000000');
});

let program: Program;
before(async () => {
  const tiny = await loadModel(fileURLToPath(new URL('../../fixtures/tiny-t5', import.meta.url)), { threads: 1 });
  program = await tiny.compile([]);
});

test('texts that share rows are answered as each by itself', async () => {
  const none = new Float32Array(0);
  const inputs = Array.from({ length: 23 }, (_, i) => ({
    ids: [...Array.from({ length: 3 + ((7 * i) % 31) }, (_, place) => 3 + ((i + 5 * place) % 28)), 1],
  }));
  assert.ok(
    sideBySide(
      inputs.map(({ ids }) => ids.length),
      7,
    ).length < 10,
  );
  const outputs = [{ ids: [5, 9, 1] }, { ids: [5, 7, 1] }, { ids: [8] }];
  const together = await program.choose(inputs, outputs, none);
  for (const [i, input] of inputs.entries()) {
    const [alone] = await program.choose([input], outputs, none);
    for (const [j, score] of alone!.entries()) assert.ok(Math.abs(score - together[i]![j]!) < 1e-4);
  }
  await program.release();
});
