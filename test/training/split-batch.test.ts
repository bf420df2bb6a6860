import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitBatch } from '../../src/training/step-batches.ts';
import { example } from '../encoded.ts';

const row = (length: number) => example(Array<number>(length).fill(3), [1]);
const lengthsOf = (parts: ReturnType<typeof splitBatch>) =>
  parts.map(part => part.map(({ input }) => input.ids.length));
const sizes = (lengths: readonly number[], tokensPerRun: number) =>
  splitBatch(lengths.map(row), { tokensPerRun }).map(part => part.length);

test('about equal parts that keep within the tokens of a run, whatever the longest row', () => {
  assert.deepEqual(sizes(Array(16).fill(128), 1024), [8, 8]);
  assert.deepEqual(sizes(Array(16).fill(128), 1536), [8, 8]);
  assert.deepEqual(sizes(Array(16).fill(128), 2048), [16]);
  assert.deepEqual(sizes(Array(10).fill(100), 400), [4, 4, 2]);
  assert.deepEqual(sizes([500, 500], 100), [1, 1]);
  assert.deepEqual(sizes([1, 1, 1, 1], 4), [4]);
});

test('rows of like length come together, so that few tokens are padding', () => {
  const lengths = [10, 90, 12, 100, 11, 95, 10, 12];
  assert.deepEqual(lengthsOf(splitBatch(lengths.map(row), { tokensPerRun: 300 })), [
    [100, 95, 90],
    [12, 12, 11, 10, 10],
  ]);
});

test('a batch that is not split keeps its order', () => {
  assert.deepEqual(lengthsOf(splitBatch([3, 9, 5].map(row), {})), [[3, 9, 5]]);
  assert.deepEqual(lengthsOf(splitBatch([3, 9, 5].map(row), { tokensPerRun: 27 })), [[3, 9, 5]]);
  assert.deepEqual(lengthsOf(splitBatch([3, 9, 5].map(row), { size: 3 })), [[3, 9, 5]]);
});

test('no part has more rows than are said, nor more tokens than a run takes', () => {
  const lengths = [9, 9, 9, 1, 9, 9];
  const parts = (limits: Parameters<typeof splitBatch>[1]) => lengthsOf(splitBatch(lengths.map(row), limits));
  assert.deepEqual(parts({ size: 4 }), [
    [9, 9, 9],
    [9, 9, 1],
  ]);
  assert.deepEqual(parts({ size: 4, tokensPerRun: 18 }), [
    [9, 9],
    [9, 9],
    [9, 1],
  ]);
  assert.deepEqual(parts({ size: 1, tokensPerRun: 18 }), [[9], [9], [9], [9], [9], [1]]);
});

test('every row is in one part, and no part is larger than allowed', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 2000 }), (all, tokensPerRun) => {
      const parts = lengthsOf(splitBatch(all.map(row), { tokensPerRun }));
      assert.deepEqual(
        parts.flat().sort((a, b) => a - b),
        all.toSorted((a, b) => a - b),
      );
      for (const part of parts) {
        assert.ok(part.length === 1 || part.length * Math.max(...part) <= tokensPerRun, `${part} of ${tokensPerRun}`);
      }
    }),
  );
});
