import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { deltas } from '../../src/deltas/kinds.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { evenLora, valueLora } from '../../src/structure/even-lora.ts';
import type { Attempt } from '../../src/structure/method.ts';
import { largeSites } from './t5-large.ts';

const sites = largeSites;
/** Rank 1 on a query or value of T5-large; there are 96 of them. */
const cost = 1024 + 1024;

test('the budget of LoRA r = 8 on queries and values gives just that', () => {
  const manual = listManualModules(sites, 'lora');
  const budget = manual.reduce((sum, { parameters }) => sum + parameters, 0);
  assert.deepEqual(evenLora(sites, budget), manual);
});

test('a budget below rank 1 everywhere takes sites at even distances, through both stacks', () => {
  const places = evenLora(sites, 6 * cost).map(({ site: { place } }) => `${place.stack} ${place.layer}`);
  assert.deepEqual(places, [
    ...['encoder 4', 'encoder 12', 'encoder 20'],
    ...['decoder 4', 'decoder 12', 'decoder 20'],
  ]);
});

test('LoRA on values takes no query: at half of the sites the same budget gives twice the ranks', () => {
  const problem = { sites, deltas, seed: 0, keepInert: false, affordable: () => 1 };
  const spend = (budget: number) => {
    const [{ modules }, ...others] = valueLora.attempts({ ...problem, space: () => ({ candidates: [], budget }) }) as [
      Attempt,
    ];
    assert.deepEqual(others, []);
    return modules.map(({ site, options }) => [site.role, options.rank]);
  };
  assert.deepEqual(spend(48 * cost), Array(48).fill(['self-attention.value', 1]));
  assert.deepEqual(spend(96 * cost), Array(48).fill(['self-attention.value', 2]));
  assert.throws(() => spend(cost - 1), InputError);
});

test('ranks differ by one at most, no budget is exceeded, and no further rank would fit', () => {
  fc.assert(
    fc.property(fc.integer({ min: cost, max: 400 * cost }), budget => {
      const modules = evenLora(sites, budget);
      const spent = modules.reduce((sum, { parameters }) => sum + parameters, 0);
      assert.ok(spent <= budget && spent > budget - cost, `${spent} of ${budget}`);
      const ranks = modules.map(({ options }) => options.rank!);
      const lowest = modules.length < 96 ? 1 : Math.min(...ranks);
      assert.ok(Math.max(...ranks) - lowest <= 1);
      assert.ok(modules.length <= 96);
    }),
    { numRuns: 30 },
  );
});

test('a budget that holds no module is refused, with the smallest that does', () => {
  assert.throws(
    () => evenLora(sites, cost - 1),
    (error: unknown) => error instanceof InputError && (error.remedy ?? '').includes(String(cost)),
  );
  assert.equal(valueLora.least!(sites), cost);
});
