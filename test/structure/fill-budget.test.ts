import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { checkBudget, fillBudget } from '../../src/structure/budget.ts';

const costs = (...counts: number[]) => counts.map(parameters => ({ parameters, inert: false }));

test('walks in the order given and passes over what does not fit', () => {
  const options = { budget: 7, keepInert: false };
  assert.deepEqual(fillBudget([2, 0, 1], costs(5, 2, 3), options), [false, true, true]);
  assert.deepEqual(fillBudget([0, 1, 2], costs(5, 2, 3), options), [true, true, false]);
  assert.deepEqual(fillBudget([], costs(1), options), [false]);
});

test('spends the last parameter', () => {
  assert.deepEqual(fillBudget([0, 1], costs(3, 4), { budget: 7, keepInert: false }), [true, true]);
});

test('for any order: within budget, and nothing left out would fit', () => {
  const list = fc.array(fc.record({ parameters: fc.integer({ min: 1, max: 50 }), inert: fc.boolean() }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(list, fc.nat(500), fc.boolean(), fc.func(fc.integer()), (modules, budget, keepInert, key) => {
      const order = modules.map((_, i) => i).sort((a, b) => key(a) - key(b));
      const kept = fillBudget(order, modules, { budget, keepInert });
      const spent = modules.reduce((sum, { parameters }, i) => sum + (kept[i] ? parameters : 0), 0);
      assert.ok(spent <= budget);
      for (const [i, { parameters, inert }] of modules.entries()) {
        if (keepInert || !inert) assert.ok(kept[i] || spent + parameters > budget);
        else assert.ok(!kept[i]);
      }
    }),
  );
});

test('a budget below the cheapest usable module names that module’s cost', () => {
  const modules = [...costs(8, 5), { parameters: 2, inert: true }];
  checkBudget(modules, { budget: 5, keepInert: false });
  checkBudget(modules, { budget: 2, keepInert: true });
  for (const budget of [4.9, 0, -1, Number.NaN]) {
    assert.throws(
      () => checkBudget(modules, { budget, keepInert: false }),
      (error: Error) =>
        error instanceof InputError && error.remedy === 'give a budget of at least 5, for example --budget 5',
    );
  }
});

test('no module, or only inert ones, is an InputError', () => {
  assert.throws(() => checkBudget([], { budget: 9, keepInert: false }), InputError);
  assert.throws(() => checkBudget([{ parameters: 1, inert: true }], { budget: 9, keepInert: false }), InputError);
});
