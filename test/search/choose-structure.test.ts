import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseStructure } from '../../src/search/choose-structure.ts';

const costs = (...counts: number[]) => counts.map(parameters => ({ parameters, inert: false }));

test('takes by falling worth, passes over what does not fit and goes on', () => {
  const kept = chooseStructure([3, 4, 1, 2], costs(6, 5, 2, 4), { budget: 10, keepInert: false });
  assert.deepEqual(kept, [false, true, false, true]);
  assert.deepEqual(chooseStructure([3, 4, 1, 2], costs(6, 5, 2, 4), { budget: 8, keepInert: false }), [
    false,
    true,
    true,
    false,
  ]);
});

test('equal worth goes by position, also where p would round to 1', () => {
  assert.deepEqual(chooseStructure([0, 0, 0], costs(1, 1, 1), { budget: 2, keepInert: false }), [true, true, false]);
  assert.deepEqual(chooseStructure([50, 60, 55], costs(1, 1, 1), { budget: 1, keepInert: false }), [
    false,
    true,
    false,
  ]);
});

test('a module that is closed is left out, whatever is left of the budget', () => {
  const options = { budget: 9, keepInert: false };
  assert.deepEqual(chooseStructure([3, 2, 1], costs(1, 1, 1), { ...options, closed: [true, false, false] }), [
    false,
    true,
    true,
  ]);
  assert.deepEqual(
    chooseStructure([3, 2, 1], costs(1, 1, 1), { ...options, budget: 1, closed: [true, false, false] }),
    [false, true, false],
  );
});

test('inert modules are left out unless asked for', () => {
  const modules = [{ parameters: 1, inert: true }, ...costs(1)];
  assert.deepEqual(chooseStructure([9, 1], modules, { budget: 1, keepInert: false }), [false, true]);
  assert.deepEqual(chooseStructure([9, 1], modules, { budget: 1, keepInert: true }), [true, false]);
});

const modules = fc.array(
  fc.record({
    parameters: fc.integer({ min: 1, max: 1000 }),
    inert: fc.boolean(),
    worth: fc.double({ min: -9, max: 9, noNaN: true }),
  }),
  { maxLength: 60 },
);

test('never exceeds the budget, and what it leaves out would not have fitted', () => {
  fc.assert(
    fc.property(modules, fc.double({ min: 0, max: 20_000, noNaN: true }), fc.boolean(), (list, budget, keepInert) => {
      const kept = chooseStructure(
        list.map(({ worth }) => worth),
        list,
        { budget, keepInert },
      );
      const spent = list.reduce((sum, { parameters }, i) => sum + (kept[i] ? parameters : 0), 0);
      assert.ok(spent <= budget);
      for (const [i, { parameters, inert }] of list.entries()) {
        if (inert && !keepInert) assert.equal(kept[i], false);
        else if (!kept[i]) assert.ok(spent + parameters > budget);
      }
    }),
  );
});
