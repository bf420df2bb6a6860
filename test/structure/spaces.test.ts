import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { DeltaModule, Role } from '../../src/core/site.ts';
import { listCandidates, listSpace } from '../../src/structure/spaces.ts';
import { gatedSites, largeSites } from './t5-large.ts';

function countByKind(modules: readonly DeltaModule[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of modules) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const mixed = listSpace(largeSites, 'mixed');

test('S³Delta-M on T5-large: 916 modules, by kind as in the paper', () => {
  assert.equal(mixed.length, 916);
  assert.deepEqual(countByKind(mixed), { lora: 288, bitfit: 410, lnfit: 122, 'low-rank-adapter': 96 });
  assert.equal(mixed.filter(({ kind, site }) => kind === 'bitfit' && site.host === 'linear').length, 288);
  assert.equal(new Set(mixed.map(({ id }) => id)).size, 916);
});

test('S³Delta-L on T5-large: 288 modules of rank 1', () => {
  const modules = listSpace(largeSites, 'lora');
  assert.deepEqual(countByKind(modules), { lora: 288 });
  assert.ok(modules.every(({ options }) => options.rank === 1 && options.alpha === 16));
});

test('gated feed-forwards: 1,012 and 336 modules on t5-v1.1-large', () => {
  assert.equal(listSpace(gatedSites, 'mixed').length, 1012);
  assert.equal(listSpace(gatedSites, 'lora').length, 336);
});

test('cross-attention gives its layer norm and nothing else; the output projection nothing', () => {
  for (const modules of [mixed, listSpace(gatedSites, 'mixed')]) {
    assert.ok(modules.every(({ site }) => !site.name.includes('EncDecAttention')));
    assert.ok(modules.every(({ site }) => site.name !== 'lm_head' && site.host !== 'embedding'));
    assert.equal(modules.filter(({ site }) => site.name === 'decoder.block.5.layer.1.layer_norm').length, 2);
    assert.equal(modules.filter(({ site }) => site.name.endsWith('final_layer_norm')).length, 4);
  }
});

test('48 of the 916 are inert: biases of the key projections', () => {
  const inert = mixed.filter(module => module.inert);
  assert.equal(inert.length, 48);
  assert.ok(inert.every(({ kind, site }) => kind === 'bitfit' && site.name.endsWith('SelfAttention.k')));
});

test('parameters are those of method.md’s table', () => {
  const of = (id: string) => mixed.find(module => module.id === id)?.parameters;
  assert.equal(of('encoder.block.3.layer.0.SelfAttention.q:lora'), 2048);
  assert.equal(of('encoder.block.3.layer.1.DenseReluDense.wi:lora'), 5120);
  assert.equal(of('encoder.block.3.layer.1.DenseReluDense.wi:bitfit'), 4096);
  assert.equal(of('encoder.block.3.layer.1.DenseReluDense.wo:bitfit'), 1024);
  assert.equal(of('decoder.block.0.layer.2.layer_norm:lnfit'), 1024);
  assert.equal(of('decoder.block.0.layer.2.DenseReluDense:low-rank-adapter'), 3 * 1024 + 3 * 32);
});

test('the wide space is the mixed one with cross-attention and IA3: 1,324 modules on T5-large', () => {
  const wide = listSpace(largeSites, 'wide');
  const [layers, crossed] = [24, 4 + 4 + 1];
  const scaled = 2 * layers * 3 + layers * 2;
  assert.equal(wide.length, 916 + layers * crossed + scaled);
  assert.deepEqual(countByKind(wide), {
    ...{ lora: 288 + layers * 4, bitfit: 410 + layers * 4, lnfit: 122, 'low-rank-adapter': 96 + layers },
    ia3: scaled,
  });
  const ids = new Set(wide.map(({ id }) => id));
  assert.equal(ids.size, wide.length);
  assert.ok(mixed.every(({ id }) => ids.has(id)));
  assert.equal(wide.filter(({ inert }) => inert).length, 72);
});

test('in the order of the sites; within a site LoRA, BitFit, LNFit, adapters', () => {
  const position = new Map(largeSites.map(({ name }, i) => [name, i]));
  const rank = ['lora', 'bitfit', 'lnfit', 'low-rank-adapter'];
  for (const [i, module] of mixed.slice(1).entries()) {
    const before = mixed[i]!;
    const step = position.get(module.site.name)! - position.get(before.site.name)!;
    assert.ok(step > 0 || (step === 0 && rank.indexOf(module.kind) > rank.indexOf(before.kind)), module.id);
  }
});

test('an unknown space is an InputError with the nearest and the list', () => {
  for (const name of ['mixd', 'toString']) {
    assert.throws(
      () => listSpace(largeSites, name),
      (error: Error) => {
        return (
          error instanceof InputError &&
          (name === 'mixd' ? /^did you mean "mixed"\? use one of: mixed, lora/ : /^use one of: mixed, lora/).test(
            error.remedy ?? '',
          )
        );
      },
    );
  }
});

test('a model that has none of the roles is refused, with those that it has', () => {
  const headless = largeSites.filter(({ role }) => role === 'embedding' || role === 'lm-head');
  assert.throws(
    () => listSpace(headless, 'lora'),
    (error: InputError) => {
      assert.match(error.message, /none of the role self-attention\.query/);
      assert.equal(error.remedy, 'use roles that it has: embedding, lm-head');
      return error instanceof InputError;
    },
  );
});

test('a rule with a role that is none is refused, with the nearest', () => {
  const rules = [{ kind: 'lora', roles: ['self-attention.querry' as Role] }];
  assert.throws(
    () => listCandidates(largeSites, rules),
    (error: InputError) => error instanceof InputError && /^did you mean "self-attention\.query"\?/.test(error.remedy!),
  );
});
