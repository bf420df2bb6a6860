import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { randomStructure } from '../../src/structure/random-structure.ts';

const costs = (...counts: number[]) => counts.map(parameters => ({ parameters, inert: false }));
const draws = 6000;

/** How often each module is kept, over many seeds. */
function frequencies(modules: ReturnType<typeof costs>, budget: number): number[] {
  const seen = modules.map(() => 0);
  for (let seed = 0; seed < draws; seed++) {
    const kept = randomStructure(modules, { budget, keepInert: false, seed });
    for (const [i, keep] of kept.entries()) if (keep) seen[i]! += 1 / draws;
  }
  return seen;
}

test('equal modules are drawn equally often', () => {
  for (const share of frequencies(costs(1, 1, 1, 1, 1), 2)) assert.ok(Math.abs(share - 2 / 5) < 0.025);
});

test('the law of drawing uniformly among those that still fit', () => {
  // Budget 3 of costs 3, 2, 1, 1: the large one only as the first draw (1/4). The second of cost 2: first (1/4), or
  // after one of cost 1 (1/2), where it competes with the other of cost 1 (1/2).
  const [three, two, one, other] = frequencies(costs(3, 2, 1, 1), 3);
  assert.ok(Math.abs(three! - 1 / 4) < 0.025);
  assert.ok(Math.abs(two! - 1 / 2) < 0.025);
  // Cost 1: 3/4 minus where 2 comes first and the other 1 follows (1/8) minus where 1, then 2 leave it out (1/8).
  for (const share of [one!, other!]) assert.ok(Math.abs(share - 1 / 2) < 0.025);
});

test('within budget and maximal; the seed decides', () => {
  const modules = costs(...Array.from({ length: 50 }, (_, i) => 1 + ((i * 7) % 11)));
  const structures = [1, 2, 3].map(seed => randomStructure(modules, { budget: 60, keepInert: false, seed }));
  for (const kept of structures) {
    const spent = modules.reduce((sum, { parameters }, i) => sum + (kept[i] ? parameters : 0), 0);
    assert.ok(spent <= 60);
    assert.ok(modules.every(({ parameters }, i) => kept[i] || spent + parameters > 60));
  }
  assert.notDeepEqual(structures[0], structures[1]);
  assert.deepEqual(structures[0], randomStructure(modules, { budget: 60, keepInert: false, seed: 1 }));
});

test('inert modules are not drawn, and a budget for none is an InputError', () => {
  const modules = [{ parameters: 1, inert: true }, ...costs(4)];
  assert.deepEqual(randomStructure(modules, { budget: 9, keepInert: false, seed: 1 }), [false, true]);
  assert.throws(() => randomStructure(modules, { budget: 3, keepInert: false, seed: 1 }), InputError);
});
