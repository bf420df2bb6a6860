import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersTo, type Example, groupsOf, trainingRows } from '../../src/data/example.ts';

const one: Example = { input: [{ text: 'a' }], output: { text: 'x' }, line: 1 };
const several: Example = { ...one, answers: [{ text: 'x' }, { text: 'y' }], group: 'g', line: 2 };

test('an example with several right answers is as many training rows', () => {
  assert.deepEqual(trainingRows(one), [one]);
  const { answers: _, ...rest } = several;
  assert.deepEqual(trainingRows(several), [rest, { ...rest, output: { text: 'y' } }]);
});

test('every right answer is told, of one too', () => {
  assert.deepEqual(answersTo(one), [{ text: 'x' }]);
  assert.deepEqual(answersTo(several), several.answers);
});

test('examples of a group come together, in the order of its first; one without a group is alone', () => {
  const last = { ...one, group: 'g', line: 3 };
  assert.deepEqual(groupsOf([several, one, last]), [[several, last], [one]]);
});
