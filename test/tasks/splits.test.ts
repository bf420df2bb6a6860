import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Example } from '../../src/data/example.ts';
import { dealPool, fillFromWhatIsThere, halveValidation, holdOutOfTraining } from '../../src/tasks/splits.ts';
import type { TaskData } from '../../src/tasks/task.ts';

const some = (part: string, count: number): Example[] =>
  Array.from({ length: count }, (_, i) => ({
    input: [{ text: `${part} ${i}` }],
    output: { class: 0 },
    line: i + 1,
  }));

const sources = (examples: readonly Example[]) => examples.map(({ input }) => input[0]!.text);
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
  const original = { train: some('train', 50), validation: some('validation', 4) };
  const data = holdOutOfTraining(10)(original, 3);
  assert.deepEqual(sizes(data), [40, 10, 4]);
  assert.deepEqual(data.test, original.validation);
  assert.deepEqual(new Set(sources([...data.train, ...data.validation])), new Set(sources(original.train)));
  assert.equal(data.note, 'validation is 10 random training rows, test the original validation set');
});

test('held out of a sample: a fifth, and the note says so', () => {
  const data = holdOutOfTraining(10)({ train: some('train', 30), validation: some('validation', 4) }, 3);
  assert.deepEqual(sizes(data), [24, 6, 4]);
  assert.match(data.note, /^validation is 6 random training rows \(a fifth of them: the usual 10 are too many of 30\)/);
  assert.deepEqual(
    sizes(holdOutOfTraining(10)({ train: some('train', 2), validation: some('validation', 4) }, 3)),
    [1, 1, 4],
  );
});

test('without a training set the validation set is shared out, and the note says so', () => {
  for (const split of [halveValidation, holdOutOfTraining(10)]) {
    const data = split({ train: [], validation: some('validation', 50) }, 3);
    assert.deepEqual(sizes(data), [30, 10, 10]);
    assert.equal(new Set(sources(everything(data))).size, 50);
    assert.match(data.note, /the training set is missing, so the validation set is shared out: 20 % validation/);
  }
});

test('examples of one group fall into one set, sizes are kept as well as they can be', () => {
  const grouped = some('answer', 100).map((example, i) => ({ ...example, group: String(Math.floor(i / 5)) }));
  for (const [split, original] of [
    [halveValidation, { train: some('train', 3), validation: grouped }],
    [dealPool(0.2, 0.2), { train: grouped }],
    [holdOutOfTraining(17), { train: grouped, validation: some('validation', 3) }],
  ] as const) {
    const data = split(original, 5);
    const groups = [data.train, data.validation, data.test].map(set => new Set(set.flatMap(each => each.group ?? [])));
    const all = groups.flatMap(set => [...set]);
    assert.equal(all.length, 20, 'no group is in two sets');
    assert.equal(new Set(all).size, 20);
  }
  assert.deepEqual(sizes(halveValidation({ train: [], validation: grouped.slice(0, 15) }, 1)), [5, 5, 5]);
  assert.deepEqual(sizes(halveValidation({ train: some('train', 1), validation: grouped }, 1)), [1, 50, 50]);
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
    fc.property(fc.integer({ min: 101, max: 200 }), fc.nat(), (count, seed) => {
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
