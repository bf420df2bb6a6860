import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canGenerate, countLossTerms, countTokens, inputLength, outputLength } from '../../src/core/program.ts';

const pair = { ids: [5, 6, 7, 1], types: [0, 0, 1, 1] };
const choices = { ids: [5, 6], otherChoices: [{ ids: [5, 7, 8] }, { ids: [5] }] };
const batch = [
  { input: pair, output: { ids: [4, 9, 1] } },
  { input: choices, output: { class: 2 } },
  { input: { ids: [3] }, output: { value: -0.5 } },
];

test('an input is as long as its padded rows: one, or one a choice', () => {
  assert.deepEqual(
    batch.map(({ input }) => inputLength(input)),
    [4, 9, 1],
  );
});

test('a text has a term of the loss a token, a class or a number one', () => {
  assert.equal(countLossTerms(batch), 5);
  assert.deepEqual(
    batch.map(({ output }) => outputLength(output)),
    [3, 0, 0],
  );
});

test('tokens are those that are read, of every choice, and those that are said, without padding', () => {
  assert.equal(countTokens(batch), 4 + 3 + 6 + 1);
});

test('a program that has nothing to write with is known', () => {
  assert.equal(canGenerate({}), false);
  assert.equal(canGenerate({ generate: async () => [] }), true);
});
