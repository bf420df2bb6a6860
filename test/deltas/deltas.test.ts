import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { createModule, deltaNamed, deltas } from '../../src/deltas/kinds.ts';
import { initialDelta, layoutOf } from '../../src/deltas/layout.ts';
import { parseT5Config, t5Sites } from '../../src/models/t5/t5-checkpoint.ts';

const sites = t5Sites(
  parseT5Config({ vocab_size: 100, d_model: 128, d_kv: 16, d_ff: 256, num_heads: 8, num_layers: 2 }, 'config.json'),
);
const site = (name: string) => sites.find(candidate => candidate.name === name)!;
const wi = site('encoder.block.0.layer.1.DenseReluDense.wi');
const attention = site('decoder.block.1.layer.0.SelfAttention');
const norm = site('encoder.final_layer_norm');

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float32Array) => Math.sqrt(mean(values.map(value => value * value)));

describe('the cost of a module', () => {
  it('is the paper’s formula', () => {
    const [d, k] = [128, 24];
    assert.equal(createModule(wi, 'lora').parameters, 128 + 256);
    assert.equal(createModule(wi, 'lora', { rank: 8 }).parameters, 8 * (128 + 256));
    assert.equal(createModule(wi, 'bitfit').parameters, 256);
    assert.equal(createModule(norm, 'bitfit').parameters, d);
    assert.equal(createModule(norm, 'lnfit').parameters, d);
    assert.equal(createModule(attention, 'adapter').parameters, 2 * d * k + k + d);
    const m = d / 32;
    assert.equal(createModule(attention, 'low-rank-adapter').parameters, d + m + m + d + m + d);
    assert.equal(createModule(wi, 'fine-tuning').parameters, 128 * 256);
  });

  it('is what its layout takes', () => {
    for (const candidate of sites) {
      for (const delta of Object.values(deltas).filter(({ hosts }) => hosts(candidate))) {
        const module = createModule(candidate, delta.kind);
        assert.equal(layoutOf([module]).size, module.parameters, module.id);
      }
    }
  });
});

describe('where a module can attach', () => {
  it('is asked of its kind', () => {
    const hosts = (kind: string) => [...new Set(sites.filter(deltaNamed(kind).hosts).map(({ host }) => host))].sort();
    assert.deepEqual(hosts('lora'), ['linear']);
    assert.deepEqual(hosts('bitfit'), ['linear', 'norm']);
    assert.deepEqual(hosts('lnfit'), ['norm']);
    assert.deepEqual(hosts('adapter'), ['block']);
    assert.deepEqual(hosts('low-rank-adapter'), ['block']);
    assert.deepEqual(hosts('fine-tuning'), ['embedding', 'linear', 'norm']);
    assert.ok(!deltaNamed('fine-tuning').hosts(site('lm_head')), 'a tied projection has no weight of its own');
  });

  it('is inert only for a bias on keys', () => {
    const inert = sites.filter(
      candidate => deltaNamed('bitfit').hosts(candidate) && createModule(candidate, 'bitfit').inert,
    );
    assert.ok(inert.length > 0 && inert.every(({ name }) => name.endsWith('.k')));
    assert.ok(!createModule(inert[0]!, 'lora').inert);
  });

  it('is refused with the reason', () => {
    const message = (text: RegExp) => (error: unknown) =>
      error instanceof InputError && text.test(`${error.message} ${error.remedy}`);
    assert.throws(
      () => createModule(norm, 'lora'),
      message(/lora cannot attach at encoder\.final_layer_norm, a norm host/),
    );
    assert.throws(() => createModule(wi, 'compacter'), message(/unknown delta kind "compacter".*lora/));
    assert.throws(() => createModule(wi, 'lora', { rang: 2 }), message(/no option "rang"/));
    assert.throws(() => createModule(wi, 'lora', { rank: 0 }), message(/rank must be positive/));
    assert.throws(() => createModule(wi, 'lora', { rank: 1.5 }), message(/must be whole numbers/));
  });
});

describe('initial values', () => {
  const modules = [
    createModule(wi, 'lora', { rank: 4 }),
    createModule(attention, 'adapter'),
    createModule(attention, 'low-rank-adapter'),
    createModule(norm, 'lnfit'),
  ];
  const layout = layoutOf(modules);
  const parameter = (delta: Float32Array, kind: string, name: string) => {
    const { offset, size } = layout.modules
      .find(({ module }) => module.kind === kind)!
      .parameters.find(p => p.name === name)!;
    return delta.subarray(offset, offset + size);
  };
  const delta = initialDelta(layout, 5);

  it('have the paper’s distributions', () => {
    const a = parameter(delta, 'lora', 'A');
    const bound = 1 / Math.sqrt(128);
    assert.ok(a.every(value => Math.abs(value) <= bound));
    assert.ok(Math.abs(deviation(a) - bound / Math.sqrt(3)) < 0.1 * bound);
    assert.ok(parameter(delta, 'lora', 'B').every(value => value === 0));
    assert.ok(Math.abs(deviation(parameter(delta, 'adapter', 'upWeight')) - 0.01) < 0.001);
    const up = parameter(delta, 'low-rank-adapter', 'upLeft');
    assert.ok(Math.max(...up) <= Math.sqrt(6 / 129) && deviation(up) > 0.5 * Math.sqrt(2 / 129));
    for (const [kind, name] of [
      ['adapter', 'downBias'],
      ['low-rank-adapter', 'upBias'],
      ['lnfit', 'scale'],
    ] as const) {
      assert.ok(
        parameter(delta, kind, name).every(value => value === 0),
        `${kind} ${name}`,
      );
    }
  });

  it('depend on the seed and the module alone', () => {
    assert.deepEqual(initialDelta(layout, 5), delta);
    assert.notDeepEqual(initialDelta(layout, 6), delta);
    const alone = layoutOf([modules[1]!]);
    assert.deepEqual(initialDelta(alone, 5).subarray(0, 24 * 128), parameter(delta, 'adapter', 'downWeight'));
  });
});
