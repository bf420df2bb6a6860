import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { createBatchCursor } from '../../src/training/step-batches.ts';
import { createToyExamples } from './toy-program.ts';

const examples = createToyExamples(30);
const options = { batchSize: 8, seed: 1, stream: 'test' };
const cursor = createBatchCursor(examples, options);

test('an epoch holds every example once, the last batch what is left', () => {
  assert.equal(cursor.batchesPerEpoch, 4);
  for (const epoch of [0, 1, 7]) {
    const batches = Array.from({ length: 4 }, (_, i) => cursor.batch(4 * epoch + i));
    assert.deepEqual(new Set(batches.flat()), new Set(examples));
    assert.equal(batches.flat().length, 30);
    assert.deepEqual(batches.map(batch => batch.length).sort(), [6, 8, 8, 8]);
  }
});

test('any batch can be asked for, in any order', () => {
  const forward = Array.from({ length: 12 }, (_, i) => cursor.batch(i));
  for (const index of [11, 0, 5, 5, 3]) {
    assert.deepEqual(createBatchCursor(examples, options).batch(index), forward[index]);
    assert.deepEqual(cursor.batch(index), forward[index]);
  }
});

test('epochs, seeds and streams are drawn apart', () => {
  const first = Array.from({ length: 4 }, (_, i) => cursor.batch(i));
  const others = [
    createBatchCursor(examples, { ...options, seed: 2 }),
    createBatchCursor(examples, { ...options, stream: 'b' }),
  ];
  for (const other of others)
    assert.notDeepEqual(
      Array.from({ length: 4 }, (_, i) => other.batch(i)),
      first,
    );
  assert.notDeepEqual(
    Array.from({ length: 4 }, (_, i) => cursor.batch(4 + i)),
    first,
  );
});

test('no examples are the user’s mistake', () => {
  assert.throws(() => createBatchCursor([], options), InputError);
});
