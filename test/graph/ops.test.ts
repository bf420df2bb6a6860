import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as op from '../../src/graph/ops/ops.ts';
import type { OpType } from '../../src/graph/types.ts';
import { opCases } from './cases.ts';
import { describeCase } from './describe-case.ts';

for (const test of opCases) describeCase(test);

describe('the set of operations', () => {
  it('is covered by the cases above, but for what has no gradient of its own, or rounds', () => {
    const covered = new Set(opCases.flatMap(({ covers }) => covers));
    const missing = Object.keys(op.ops).filter(name => !covered.has(name as OpType));
    assert.deepEqual(missing.sort(), ['ArgMax', 'DynamicQuantizeMatMul']);
  });
});
