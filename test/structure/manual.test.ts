import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { listManualModules, manualMethods } from '../../src/structure/built-in-methods.ts';
import { gatedSites, LARGE_PARAMETERS, largeSites } from './t5-large.ts';

function summary(method: string, sites = largeSites) {
  const modules = listManualModules(sites, method);
  return { modules: modules.length, parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0) };
}

// Worked out by hand from t5-large's shape: 48 self-attentions, 48 feed-forwards, 122 layer norms, d = 1024, d_ff =
// 4096.
const expected: Record<string, { modules: number; parameters: number }> = {
  lora: { modules: 96, parameters: 96 * 8 * 2048 },
  adapter: { modules: 96, parameters: 96 * (2 * 1024 * 24 + 24 + 1024) },
  'low-rank-adapter': { modules: 96, parameters: 96 * (3 * 1024 + 3 * 32) },
  bitfit: { modules: 48 * 6 + 122 + 1, parameters: 48 * (5 * 1024 + 4096) + 122 * 1024 + 32128 },
  lnfit: { modules: 122, parameters: 122 * 1024 },
};

for (const [method, counts] of Object.entries(expected)) {
  test(`${method} on T5-large: ${counts.modules} modules, ${counts.parameters} parameters`, () => {
    assert.deepEqual(summary(method), counts);
  });
}

test('fine-tuning trains every weight of the backbone once, tied or not', () => {
  assert.equal(summary('fine-tuning').parameters, LARGE_PARAMETERS);
  const names = listManualModules(gatedSites, 'fine-tuning').map(({ site }) => site.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.includes('lm_head') && names.includes('shared'));
  assert.ok(!listManualModules(largeSites, 'fine-tuning').some(({ site }) => site.name === 'lm_head'));
});

test('LoRA sits on the queries and values of self-attention, with rank 8', () => {
  for (const { site, options } of listManualModules(largeSites, 'lora')) {
    assert.match(site.name, /SelfAttention\.[qv]$/);
    assert.deepEqual(options, { rank: 8, alpha: 16 });
  }
});

test('BitFit covers both gates of a gated feed-forward', () => {
  assert.equal(summary('bitfit', gatedSites).modules, 48 * 7 + 122 + 1);
});

test('an unknown method is an InputError that lists the known', () => {
  for (const name of ['prefix', 'constructor']) {
    assert.throws(
      () => listManualModules(largeSites, name),
      (error: Error) => {
        return (
          error instanceof InputError && Object.keys(manualMethods).every(method => error.remedy?.includes(method))
        );
      },
    );
  }
});
