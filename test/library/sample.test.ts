import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sample } from '../../src/library/encode-task.ts';

test('a sample is of the wanted size, without repetition, the same for the same seed', () => {
  const many = Array.from({ length: 100 }, (_, number) => ({ number, group: undefined }));
  const drawn = sample(many, 10, 3, 'stream');
  assert.equal(new Set(drawn).size, 10);
  assert.deepEqual(sample(many, 10, 3, 'stream'), drawn);
  assert.equal(sample(many, 100, 3, 'stream'), many);
  assert.equal(sample(many, undefined, 3, 'stream'), many);
});

test('a sample has whole groups, unless even the smallest is too large', () => {
  const many = Array.from({ length: 100 }, (_, number) => ({ number, group: String(number % 25) }));
  const drawn = sample(many, 10, 3, 'stream');
  assert.equal(drawn.length, 8);
  assert.equal(new Set(drawn.map(({ group }) => group)).size, 2);
  assert.equal(sample(many, 3, 3, 'stream').length, 3);
});
