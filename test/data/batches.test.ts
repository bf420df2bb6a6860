import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { permutation } from '../../src/core/random.ts';
import { batchesPerEpoch, evaluationBatches, trainingBatches } from '../../src/data/batches.ts';

const sized = (lengths: readonly number[]) =>
  lengths.map(length => ({
    input: { ids: new Array<number>(length).fill(5) },
  }));
const options = { batchSize: 4, seed: 1, epoch: 0, stream: 'train' };
const lengths = [...permutation(2000, 0, 'lengths')].map(i => 2 + (i % 120));
const examples = sized(lengths);

test('every example comes once an epoch, whatever their number and lengths', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(),
      (someLengths, batchSize, seed) => {
        for (const batches of [
          trainingBatches(sized(someLengths), { ...options, batchSize, seed }),
          evaluationBatches(sized(someLengths), batchSize),
        ]) {
          assert.equal(batches.length, batchesPerEpoch(someLengths.length, batchSize));
          assert.ok(batches.every(batch => batch.length >= 1 && batch.length <= batchSize));
          const order = batches.flat().toSorted((a, b) => a - b);
          assert.deepEqual(order, [...someLengths.keys()]);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('seed, epoch and stream decide the batches', () => {
  const first = trainingBatches(examples, options);
  assert.deepEqual(trainingBatches(examples, options), first);
  for (const change of [{ seed: 2 }, { epoch: 1 }, { stream: 'other' }]) {
    assert.notDeepEqual(trainingBatches(examples, { ...options, ...change }), first, JSON.stringify(change));
  }
});

test('only one batch is smaller than the others', () => {
  const batches = trainingBatches(sized(lengths.slice(0, 1003)), options);
  assert.deepEqual(
    batches.map(batch => batch.length).filter(size => size !== 4),
    [3],
  );
});

test('a batch holds examples of similar length', () => {
  const padded = (batches: number[][]) =>
    batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map(i => lengths[i]!)), 0);
  const tokens = lengths.reduce((a, b) => a + b);
  const unsorted = Array.from({ length: 500 }, (_, i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]);
  assert.ok(padded(unsorted) > 1.4 * tokens);
  assert.ok(padded(trainingBatches(examples, options)) < 1.05 * tokens);
  assert.ok(padded(evaluationBatches(examples, 4)) < 1.02 * tokens);
});

test('training batches come in no order of length, evaluation batches in ascending order', () => {
  const longest = (batch: number[]) => Math.max(...batch.map(i => lengths[i]!));
  const rises = (batches: number[][]) => {
    const all = batches.map(longest);
    return all.slice(1).filter((length, i) => length >= all[i]!).length / (all.length - 1);
  };
  const share = rises(trainingBatches(examples, options));
  assert.ok(share > 0.4 && share < 0.6, `${share}`);
  assert.equal(rises(evaluationBatches(examples, 4)), 1);
});
