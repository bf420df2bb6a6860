import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { deltas } from '../../src/deltas/kinds.ts';
import { atBudget, chooseStructure, meanStructure, spreadOfProbability } from '../../src/search/choose-structure.ts';
import { createStructure, type Structure } from '../../src/structure/structure-file.ts';
import { createToySite } from '../training/toy-program.ts';

const counts = [4, 3, 2, 1];
const modules = counts.map((parameters, i): DeltaModule => {
  const site = createToySite(i);
  return { id: `${site.name}:lora`, site, kind: 'lora', delta: deltas.lora!, options: {}, parameters, inert: i === 3 };
});
const model = { name: 'toy', fingerprint: 'f', parameters: 100, sites: modules.map(({ site }) => site) };

function structure(p: readonly number[], worth?: readonly number[]): Structure {
  const choice = { kept: p.map(value => value > 0.5), probabilities: p, ...(worth && { worth }) };
  return createStructure(model, { space: 'mixed', budget: 5 }, modules, choice);
}

const kept = ({ modules: records }: Structure) => records.map(record => record.kept);

test('at another budget the structure is what the search would have chosen with the same worth', () => {
  const worth = [0.1, 0.4, 0.2, 0.9];
  for (const budget of [2, 3, 5, 9, 100]) {
    const chosen = atBudget(structure([0.5, 0.5, 0.5, 0.5], worth), budget);
    assert.deepEqual(kept(chosen), chooseStructure(worth, modules, { budget, keepInert: false }));
    assert.equal(chosen.budget, budget);
  }
  assert.deepEqual(kept(atBudget(structure([0.5, 0.5, 0.5, 0.5], worth), 1, true)), [false, false, false, true]);
  assert.throws(() => atBudget(structure([1, 1, 1, 1]), 1), InputError);
});

test('a gate that has closed stays closed at any budget, whatever its worth', () => {
  const closed = structure([0.5, 0, 0.5, 0.5], [0.1, 0.4, 0.2, 0.9]);
  assert.deepEqual(kept(atBudget(closed, 100)), [true, false, true, false]);
});

test('the mean of p orders the modules, and has no worth; a single structure keeps its own', () => {
  const [a, b] = [structure([0.9, 0.1, 0.5, 0], [1, 2, 3, 4]), structure([0.1, 0.7, 0.6, 0], [4, 3, 2, 1])];
  const mean = meanStructure([a, b]);
  assert.deepEqual(
    mean.modules.map(({ p, worth }) => [p!.toFixed(2), worth]),
    [
      ['0.50', null],
      ['0.40', null],
      ['0.55', null],
      ['0.00', null],
    ],
  );
  assert.deepEqual(kept(atBudget(mean, 6)), [true, false, true, false]);
  assert.deepEqual(meanStructure([a]), a);
});

/** A search without p: what it keeps of its budget, what modules are worth, and which it left out. */
function ranked(kept: readonly boolean[], worth: readonly number[], closed = worth.map(() => false)): Structure {
  return createStructure(model, { space: 'mixed', budget: 5 }, modules, { kept, worth, closed });
}

test('of searches without p the share that keeps a module orders, then their mean rank: a larger budget is filled', () => {
  const isLeftOut = [true, false, false, false];
  const two = [
    ranked([false, true, true, false], [0, 5, 4, 1e-9], isLeftOut),
    ranked([false, true, false, false], [0, 9, 1e-9, 1e-8], isLeftOut),
  ];
  const mean = meanStructure(two);
  assert.deepEqual(
    mean.modules.map(({ p }) => p),
    [0, null, null, null],
    'what none could keep stays closed; the rest has no p',
  );
  const at = (budget: number) => kept(atBudget(mean, budget, true));
  assert.deepEqual(at(3), [false, true, false, false]);
  assert.deepEqual(at(5), [false, true, true, false]);
  assert.deepEqual(at(100), [false, true, true, true], 'also with what none kept');
  // Both keep both: their ranks say which goes first where there is room for one.
  const alike = meanStructure([
    ranked([false, true, true, false], [0, 1, 2, 0]),
    ranked([false, true, true, false], [0, 1, 3, 0]),
  ]);
  assert.deepEqual(kept(atBudget(alike, 3)), [false, false, true, false]);
});

test('a structure weighs as much as is said; what is no search at all says no more than what it keeps', () => {
  const first = ranked([true, false, false, false], [3, 2, 1, 0]);
  const last = ranked([false, false, true, false], [1, 2, 3, 0]);
  const choice = (weights: readonly number[]) => kept(atBudget(meanStructure([first, last, last], weights), 4));
  assert.deepEqual(choice([0.5, 0.25, 0.25]), [true, false, false, false], 'alike goes by position');
  assert.deepEqual(choice([1, 1, 1]), [false, false, true, false]);
  const byHand = createStructure(model, { space: 'mixed', budget: 5 }, modules, { kept: [true, false, false, false] });
  const mean = meanStructure([byHand, byHand]);
  assert.deepEqual(kept(atBudget(mean, 100)), [true, false, false, false]);
});

test('the spread of p is its standard deviation over the structures', () => {
  const spread = spreadOfProbability([structure([0.9, 0.2, 0.5, 0]), structure([0.1, 0.2, 0.7, 0])]);
  assert.deepEqual(
    spread.map(value => value.toFixed(6)),
    [Math.sqrt(0.32), 0, Math.sqrt(0.02), 0].map(value => value.toFixed(6)),
  );
  assert.deepEqual(spreadOfProbability([structure([1, 0, 0, 0])]), [0, 0, 0, 0]);
});

test('structures of another model or space are not averaged', () => {
  const own = structure([1, 0, 0, 0]);
  const foreign = { ...own, model: { ...own.model, fingerprint: 'g' } };
  const fewer = { ...own, modules: own.modules.slice(1) };
  for (const other of [foreign, fewer]) assert.throws(() => meanStructure([own, other]), InputError);
  assert.throws(() => meanStructure([]), InputError);
});
