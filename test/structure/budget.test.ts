import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { parseBudget, readBudget } from '../../src/structure/budget.ts';

const T5_LARGE = 737_668_096;

const readable: [string | number, number][] = [
  ['1.39bp', 102_535],
  ['1.39 ‱', 102_535],
  ['1.39e-4', 102_535],
  ['0.0139%', 102_535],
  ['0.139‰', 102_535],
  ['0.0001389', 102_462],
  [0.0001389, 102_462],
  ['0.35BP', 25_818],
  ['.5%', 3_688_340],
  ['100%', T5_LARGE],
  ['5000', 5000],
  [5000, 5000],
  [' 1 ', 1],
  ['1e4', 10_000],
];

for (const [text, parameters] of readable) {
  test(`${JSON.stringify(text)} of T5-large is ${parameters} parameters`, () => {
    assert.equal(parseBudget(text, T5_LARGE), parameters);
  });
}

test('a budget is a share or a number of parameters, before its backbone is known', () => {
  assert.deepEqual(readBudget('25%'), { fraction: 0.25 });
  assert.deepEqual(readBudget('1.5e-3'), { fraction: 0.0015 });
  assert.deepEqual(readBudget(5000), { parameters: 5000 });
  assert.throws(() => readBudget('much'), InputError);
});

test('shares that are whole in decimal are whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 10_000_000 }), (percent, hundredth) => {
      assert.equal(parseBudget(`${percent}%`, 100 * hundredth), percent * hundredth);
    }),
  );
});

for (const text of [
  '',
  'abc',
  '1.5',
  '-5',
  '-1%',
  '1,5%',
  '5k',
  '5000 parameters',
  '1e',
  'NaN',
  'Infinity',
  '0x10',
  '%',
]) {
  test(`${JSON.stringify(text)} cannot be read, and the message shows what can`, () => {
    assert.throws(
      () => parseBudget(text, T5_LARGE),
      (error: Error) =>
        error instanceof InputError && error.message.includes(`"${text}"`) && /0.0139%/.test(error.remedy!),
    );
  });
}

for (const text of ['0', '0%', 0, '0.0']) {
  test(`${JSON.stringify(text)} is not above 0`, () => {
    assert.throws(() => parseBudget(text, T5_LARGE), InputError);
  });
}
