import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { parseT5Config, t5Sites } from '../../src/models/t5/t5-checkpoint.ts';
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
  const p = candidates.map(({ site }) => site.place.layer / 100);
  const last = Math.max(...p);
  const kept = p.map(value => value === last);
  return createStructure(from, { space: 'mixed', budget }, candidates, { kept, probabilities: p, worth: p });
}

const gatedConfig = parseT5Config(
  {
    ...{ model_type: 't5', vocab_size: 100, d_model: 16, d_kv: 8, d_ff: 32, num_heads: 2, num_layers: 3 },
    ...{ feed_forward_proj: 'gated-gelu', tie_word_embeddings: false },
  },
  'gated',
);
const [shallow, deep] = [model('shallow', 3, 16), model('deep', 7, 32)];

test('each site takes what stands at the nearest relative depth, in its stack, of its role', () => {
  const mapped = mapStructure(structureOf(shallow), deep);
  const layers = mapped.modules
    .filter(({ role, kind, place }) => role === 'self-attention.query' && kind === 'lora' && place.stack === 'decoder')
    .map(({ place, p }) => [place.layer, 100 * p!]);
  assert.deepEqual(layers, [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 1],
    [5, 2],
    [6, 2],
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

test('maps of a gated feed-forward take what stands at those of a plain one that they do the work of', () => {
  const gated = { ...shallow, sites: t5Sites(gatedConfig) };
  const roles = new Set(mapStructure(structureOf(shallow), gated).modules.map(({ role }) => role));
  assert.ok(roles.has('feed-forward.in') && roles.has('feed-forward.out') && !roles.has('feed-forward.gate'));
});

test('a structure without any role of the model is refused, with what there is', () => {
  const own = structureOf(shallow);
  const foreign = { ...own, modules: own.modules.map(module => ({ ...module, role: 'pooler' as const })) };
  assert.throws(
    () => mapStructure(foreign, deep),
    (error: InputError) => {
      assert.match(error.message, /decoder pooler/);
      assert.match(error.remedy!, /decoder cross-attention\.query/);
      return error instanceof InputError;
    },
  );
});
