import { describe, it } from 'node:test';
import * as op from '../../src/graph/ops/ops.ts';
import type { Value } from '../../src/graph/types.ts';
import { assertWitnessed } from './witnessed.ts';

type Build = (inputs: readonly Value[]) => Value;

const layerNorm: Build = ([x, weight, bias]) => op.layerNorm(x!, weight!, bias, 1e-5);

/** By the names of the fixture's cases. */
const cases: Readonly<Record<string, Build>> = {
  linear: ([x, weight, bias]) => op.gemm(x!, weight!, { transB: true, c: bias! }),
  'layer norm': layerNorm,
  'layer norm without bias': layerNorm,
  tanh: ([x]) => op.tanh(x!),
  sigmoid: ([x]) => op.sigmoid(x!),
  erf: ([x]) => op.erf(x!),
  silu: ([x]) => op.silu(x!),
  gelu: ([x]) => op.exactGelu(x!),
  gelu_new: ([x]) => op.gelu(x!),
};

describe('operations, with first and second derivatives, are those of PyTorch', () => {
  for (const [name, build] of Object.entries(cases)) it(name, () => assertWitnessed(name, build));

  it('layer norm, of rows that lie far from zero', () =>
    // float32 leaves x + 100 with an error of some 4e-6.
    assertWitnessed(
      'layer norm far from zero',
      ([x, weight, bias]) => op.layerNorm(op.add(x!, x!.graph.scalar(100)), weight!, bias!, 1e-5),
      5e-5,
    ));
});
