import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetUnits, groupCandidates, modulesThatFit } from '../../src/plan/plan.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { largeSites } from '../structure/t5-large.ts';

describe('candidates of a plan', () => {
  const modules = listSpace(largeSites, 'mixed');
  const groups = groupCandidates(modules);

  it('are counted by kind and role', () => {
    const count = (kind: string) =>
      groups.filter(group => group.kind === kind).reduce((sum, { candidates }) => sum + candidates, 0);
    assert.deepEqual(
      ['lora', 'bitfit', 'lnfit', 'low-rank-adapter'].map(count),
      // The paper's 916 modules.
      [288, 288 + 122, 122, 96],
    );
    const loraOnWi = groups.find(({ kind, role }) => kind === 'lora' && role === 'feed-forward.in');
    assert.deepEqual(loraOnWi, {
      ...{ kind: 'lora', role: 'feed-forward.in', site: 'encoder.block.0.layer.1.DenseReluDense.wi' },
      ...{ candidates: 48, parameters: 5120, inert: false },
    });
  });

  it('say which cannot change the output', () => {
    assert.deepEqual(
      groups.filter(({ inert }) => inert).map(({ kind, role }) => `${kind} ${role}`),
      ['bitfit self-attention.key'],
    );
  });

  it('fit in greater numbers the cheaper they are', () => {
    const costs = [1, 2, 3, 10].map((parameters, i) => ({ ...modules[i]!, parameters, inert: false }));
    assert.deepEqual(modulesThatFit(costs, { budget: 10, keepInert: false }), { fewest: 1, most: 3 });
    assert.deepEqual(modulesThatFit(costs, { budget: 16, keepInert: false }), { fewest: 4, most: 4 });
    const inert = costs.map(cost => ({ ...cost, inert: cost.parameters === 1 }));
    assert.deepEqual(modulesThatFit(inert, { budget: 10, keepInert: false }), { fewest: 1, most: 2 });
  });
});

describe('a budget', () => {
  it('is said in every unit', () => {
    const { parameters, fraction, percent, perTenThousand } = budgetUnits(102_462, 737_668_096);
    assert.equal(parameters, 102_462);
    assert.ok(Math.abs(fraction - 1.389e-4) < 1e-7);
    assert.ok(Math.abs(percent - 1.389e-2) < 1e-5);
    assert.ok(Math.abs(perTenThousand - 1.389) < 1e-3);
  });
});
