import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { drawStructure, manualStructure, resolveSpace } from '../../src/library/structures.ts';
import { manualMethods } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { keptModules } from '../../src/structure/structure-file.ts';
import { tiny } from './films.ts';

const space = { space: 'mixed', budget: '500', 'keep-inert': false } as const;

test('a space is its candidates and a budget in parameters, a share being of the backbone', () => {
  const { name, candidates, budget, limited, keepInert } = resolveSpace(tiny, space);
  assert.deepEqual(candidates, listSpace(tiny.sites, 'mixed'));
  assert.deepEqual([name, budget, limited, keepInert], ['mixed', 500, true, false]);
  const whole = resolveSpace(tiny, { ...space, budget: undefined });
  const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
  assert.deepEqual([whole.budget, whole.limited], [all, false]);
  assert.equal(resolveSpace(tiny, { ...space, budget: '1%' }).budget, Math.floor(tiny.parameters / 100));
});

test('a space that is none, a budget that cannot be read and one that holds nothing are refused', () => {
  assert.throws(() => resolveSpace(tiny, { ...space, space: 'moxed' }), InputError);
  assert.throws(() => resolveSpace(tiny, { ...space, budget: 'much' }), InputError);
  assert.throws(() => resolveSpace(tiny, { ...space, budget: '1' }), /below the cheapest module/);
});

test('a manual structure keeps all that its method says, at the sites of the model', () => {
  for (const method of Object.keys(manualMethods)) {
    const structure = manualStructure(tiny, method);
    assert.equal(structure.budget, null);
    assert.equal(keptModules(structure, tiny).length, structure.modules.length, method);
    assert.ok(structure.modules.length > 0, method);
  }
  assert.throws(() => manualStructure(tiny, 'magic'), InputError);
});

test('a drawn structure is within the budget, leaves inert modules out, and is its seed’s', () => {
  const draw = (seed: number, keepInert = false) => drawStructure(tiny, { ...space, 'keep-inert': keepInert, seed });
  for (let seed = 0; seed < 20; seed++) {
    const kept = draw(seed).modules.filter(module => module.kept);
    const spent = kept.reduce((sum, module) => sum + module.parameters, 0);
    assert.ok(spent > 0 && spent <= 500, `${spent} parameters`);
    assert.ok(kept.every(module => !module.inert && module.p === null && module.worth === null));
  }
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  const inert = Array.from({ length: 20 }, (_, seed) => draw(seed, true)).flatMap(({ modules }) => modules);
  assert.ok(inert.some(module => module.kept && module.inert));
});
