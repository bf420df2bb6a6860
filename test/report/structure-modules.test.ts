import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heatMap } from '../../src/report/heat-map.ts';
import { coloured } from '../../src/report/quantities.ts';
import { shownModules } from '../../src/report/run-view.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { largeSites } from '../structure/t5-large.ts';

const model = { name: 't5-large', fingerprint: 'x', parameters: 737_668_096, sites: largeSites };

test('a searched structure is shown with its p, by the names of the paper’s figure', () => {
  const candidates = listSpace(largeSites, 'mixed');
  const p = candidates.map((_, i) => i / candidates.length);
  const kept = candidates.map((_, i) => i % 100 === 0);
  const structure = createStructure(model, { space: 'mixed', budget: 100_000 }, candidates, {
    kept,
    probabilities: p,
    worth: p,
  });
  const shown = shownModules(structure);
  assert.deepEqual(
    shown.map(module => module.p),
    p,
  );
  assert.equal(shown.filter(module => module.kept).length, 10);

  const map = heatMap(shown);
  assert.equal(map.columns.length, 48);
  assert.deepEqual(
    [0, 23, 24, 47].map(index => map.columns[index]!.label),
    ['E.0', 'E.23', 'D.0', 'D.23'],
  );
  for (const row of ['SelfAttn.Q LoRA', 'FFN.Wo BitFit', 'Final_LN LNFit', 'CrossAttn.LN BitFit', 'FFN LR-Adapter']) {
    assert.ok(map.rows.includes(row), row);
  }
  // Every candidate has a cell of its own: none hides another.
  assert.equal(map.cells.flat().filter(cell => cell !== undefined).length, 916);
});

test('a kind of a plugin is called by the label that it told, without the plugin at hand', () => {
  const [module] = listManualModules(largeSites, 'lora');
  const own = {
    ...module!,
    kind: 'scale-shift',
    delta: { kind: 'scale-shift', label: 'Scale & shift', plugin: 'mine' },
  };
  const structure = createStructure(model, { space: 'mine', budget: null }, [own], { kept: [true] });
  assert.deepEqual(
    [structure.plugins, structure.labels],
    [{ 'scale-shift': 'mine' }, { 'scale-shift': 'Scale & shift' }],
  );
  assert.equal(shownModules(structure)[0]!.kind, 'Scale & shift');
  const { labels: _, ...earlier } = structure;
  assert.equal(shownModules(earlier)[0]!.kind, 'scale-shift', 'a structure of an earlier version names the kind alone');
});

test('where nothing was searched there is no p, and what is kept stands out from the rest', () => {
  const modules = listManualModules(largeSites, 'lora');
  const kept = modules.map((_, i) => i < 3);
  const structure = createStructure(model, { space: 'lora', budget: null }, modules, { kept });
  const shown = shownModules(structure);
  assert.ok(shown.every(({ p }) => p === null));
  assert.deepEqual(
    coloured(shown).map(({ value }) => value),
    kept.map(Number),
  );
});

test('where no p is told, it is 0 for what can never be kept: too large for the budget, or without effect', () => {
  const candidates = listSpace(largeSites, 'mixed');
  const budget = 5000;
  const worth = candidates.map((_, i) => i);
  const kept = candidates.map((_, i) => i === 0);
  const shown = shownModules(createStructure(model, { space: 'mixed', budget }, candidates, { kept, worth }));
  assert.deepEqual(
    shown.map(({ p }) => p),
    candidates.map(({ parameters, inert }) => (inert || parameters > budget ? 0 : null)),
  );
  assert.equal(new Set(shown.map(({ p }) => p)).size, 2);
});
