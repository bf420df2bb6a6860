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
