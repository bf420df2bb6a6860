import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as op from '../../src/graph/ops/index.ts';
import { opCases } from './cases.ts';
import { describeCase } from './describe-case.ts';

for (const test of opCases) describeCase(test);

describe('the set of operations', () => {
  it('is closed: what is written to a model is one of these', () => {
    assert.deepEqual(Object.keys(op.ops).sort(), [
      'Add',
      'ArgMax',
      'Cast',
      'Ceil',
      'Clip',
      'Concat',
      'DynamicQuantizeMatMul',
      'Erf',
      'Exp',
      'Expand',
      'FusedMatMul',
      'Gather',
      'GatherElements',
      'Gelu',
      'Gemm',
      'Identity',
      'LayerNormalization',
      'Log',
      'LogSoftmax',
      'MatMul',
      'Mul',
      'Neg',
      'QuickGelu',
      'Range',
      'ReduceMax',
      'ReduceSum',
      'Relu',
      'Reshape',
      'ScatterElements',
      'ScatterND',
      'Shape',
      'Sigmoid',
      'SimplifiedLayerNormalization',
      'Softmax',
      'Split',
      'Sub',
      'Tanh',
      'Transpose',
    ]);
  });

  it('is covered by the cases above, but for what has no gradient of its own, or rounds', () => {
    const covered = new Set(opCases.flatMap(({ covers }) => covers));
    const missing = Object.keys(op.ops).filter(name => !covered.has(name as op.OpType));
    assert.deepEqual(missing.sort(), ['ArgMax', 'DynamicQuantizeMatMul']);
  });
});
