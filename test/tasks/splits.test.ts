import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TextExample } from '../../src/data/encode.ts';
import { InputError } from '../../src/errors.ts';
import { dealPool, fillFromWhatIsThere, halveValidation, holdOutOfTraining } from '../../src/tasks/splits.ts';
import type { TaskData } from '../../src/tasks/task.ts';

const some = (part: string, count: number): TextExample[] =>
  Array.from({ length: count }, (_, i) => ({ source: `${part} ${i}`, target: '0', line: i + 1 }));

const sources = (examples: readonly TextExample[]) => examples.map(example => example.source);
const sizes = ({ train, validation, test }: TaskData) => [train.length, validation.length, test.length];
const everything = ({ train, validation, test }: TaskData) => [...train, ...validation, ...test];

test('halves: the training set stays, the validation set is shared out, and odd ones go to the test', () => {
  const original = { train: some('train', 5), validation: some('validation', 11) };
  const data = halveValidation(original, 3);
  assert.deepEqual(sizes(data), [5, 5, 6]);
  assert.deepEqual(data.train, original.train);
  assert.deepEqual(new Set(sources([...data.validation, ...data.test])), new Set(sources(original.validation)));
});

test('held out: the validation set comes from training, the test set is the original validation set', () => {
  const original = { train: some('train', 30), validation: some('validation', 4) };
  const data = holdOutOfTraining(10)(original, 3);
  assert.deepEqual(sizes(data), [20, 10, 4]);
  assert.deepEqual(data.test, original.validation);
  assert.deepEqual(new Set(sources([...data.train, ...data.validation])), new Set(sources(original.train)));
  assert.throws(() => holdOutOfTraining(30)(original, 3), InputError);
});

test('dealt: the shares are of the pool', () => {
  assert.deepEqual(sizes(dealPool(0.2, 0.2)({ train: some('pool', 100) }, 0)), [60, 20, 20]);
  assert.deepEqual(sizes(dealPool(0.2, 0.1)({ train: some('pool', 7) }, 0)), [5, 1, 1]);
});

test('filled: what is missing is made of what is there', () => {
  const train = some('train', 50);
  const validation = some('validation', 9);
  const testRows = some('test', 7);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train, validation, test: testRows }, 0)), [50, 9, 7]);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train, validation }, 0)), [50, 4, 5]);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train, test: testRows }, 0)), [45, 5, 7]);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train }, 0)), [40, 5, 5]);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train: some('train', 3) }, 0)), [1, 1, 1]);
  assert.deepEqual(sizes(fillFromWhatIsThere({ train: some('train', 50_000) }, 0)), [46_000, 2000, 2000]);
});

test('no example is lost or in two sets, the seed decides, and another seed splits otherwise', () => {
  const validation = some('validation', 40);
  const splitters = [halveValidation, holdOutOfTraining(20), dealPool(0.2, 0.2), fillFromWhatIsThere];
  fc.assert(
    fc.property(fc.integer({ min: 21, max: 200 }), fc.nat(), (count, seed) => {
      const original = { train: some('train', count), validation };
      for (const split of splitters) {
        const data = split(original, seed);
        const all = sources(everything(data));
        assert.equal(new Set(all).size, all.length);
        assert.equal(all.length, split === splitters[2] ? count : count + validation.length);
        assert.deepEqual(split(original, seed), data);
        assert.notDeepEqual(split(original, seed + 1), data);
        assert.notEqual(data.note, '');
      }
    }),
    { numRuns: 30 },
  );
});
