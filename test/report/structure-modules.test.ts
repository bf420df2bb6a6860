import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heatMap } from '../../src/report/heat-map.ts';
import { shownModules } from '../../src/report/structure-modules.ts';
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
  const shown = shownModules(structure.modules);
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

test('where nothing was searched, what is kept is certain and the rest is not', () => {
  const modules = listManualModules(largeSites, 'lora');
  const kept = modules.map((_, i) => i < 3);
  const structure = createStructure(model, { space: 'lora', budget: null }, modules, { kept });
  assert.deepEqual(
    shownModules(structure.modules).map(({ p }) => p),
    kept.map(Number),
  );
});
