import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { parseT5Config } from '../../src/models/t5/t5-config.ts';
import { t5Sites } from '../../src/models/t5/t5-sites.ts';
import { mapStructure } from '../../src/structure/map-structure.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure, keptModules, type StructureModel } from '../../src/structure/structure-file.ts';

function model(name: string, layers: number, width: number): StructureModel {
  const config = parseT5Config(
    {
      ...{ model_type: 't5', vocab_size: 100, d_model: width, d_kv: 8, d_ff: 2 * width, num_heads: 2 },
      ...{ num_layers: layers, num_decoder_layers: layers },
    },
    name,
  );
  return { name, fingerprint: name, parameters: 1000 * layers, sites: t5Sites(config) };
}

/** A structure whose p says at which layer a module stands: layer / 100. Kept is what stands in the last layer. */
function structureOf(from: StructureModel, budget: number | null = 500) {
  const candidates = listSpace(from.sites, 'mixed');
  const layerOf = (column: string) => Number(column.split('.')[1]);
  const p = candidates.map(({ site }) => layerOf(site.column) / 100);
  const last = Math.max(...p);
  const kept = p.map(value => value === last);
  return createStructure(from, { space: 'mixed', budget }, candidates, { kept, probabilities: p, worth: p });
}

const [shallow, deep] = [model('shallow', 3, 16), model('deep', 7, 32)];

test('each site takes what stands at the nearest relative depth, in its stack, at its position', () => {
  const mapped = mapStructure(structureOf(shallow), deep);
  const layers = mapped.modules
    .filter(({ position, kind, column }) => position === 'SelfAttn.Q' && kind === 'lora' && column.startsWith('D'))
    .map(({ column, p }) => [column, 100 * p!]);
  assert.deepEqual(layers, [
    ['D.0', 0],
    ['D.1', 0],
    ['D.2', 1],
    ['D.3', 1],
    ['D.4', 1],
    ['D.5', 2],
    ['D.6', 2],
  ]);
});

test('the candidates are those of the space on the new model, with its sizes, and can be attached', () => {
  const mapped = mapStructure(structureOf(shallow), deep);
  const candidates = listSpace(deep.sites, 'mixed');
  assert.deepEqual(
    mapped.modules.map(({ site, kind, parameters }) => `${site} ${kind} ${parameters}`),
    candidates.map(({ site, kind, parameters }) => `${site.name} ${kind} ${parameters}`),
  );
  assert.ok(keptModules(mapped, deep).length > 0);
  assert.equal(mapped.model.name, 'deep');
});

test('there and back to the same depth is the same', () => {
  const own = structureOf(shallow);
  const wide = model('wide', 3, 64);
  const back = mapStructure(mapStructure(own, wide), shallow);
  assert.deepEqual(back.modules, own.modules);
});

test('the budget stays the same share of the model, and none stays none', () => {
  assert.equal(mapStructure(structureOf(shallow, 300), deep).budget, 700);
  assert.equal(mapStructure(structureOf(shallow, null), deep).budget, null);
  const wide = model('wide', 3, 64);
  for (let budget = 1; budget <= 500; budget++) {
    assert.equal(mapStructure(structureOf(shallow, budget), wide).budget, budget);
  }
});

test('a structure without any position of the model is refused', () => {
  const own = structureOf(shallow);
  const foreign = { ...own, modules: own.modules.map(module => ({ ...module, position: 'Mixer' })) };
  assert.throws(() => mapStructure(foreign, deep), InputError);
});
