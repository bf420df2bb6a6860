import type { OpType } from '../types.ts';
import type { OpDefinition } from './definition.ts';
import { activationOps, elementwiseOps } from './elementwise.ts';
import { matrixOps, quantizedOps } from './matrix.ts';
import { normalizationOps, softmaxOps } from './normalization.ts';
import { reduceOps } from './reduce.ts';
import { gatherOps, shapeOps } from './shaping.ts';

/**
 * Every operation: what stands in a family's file, and nothing else. The type holds it to the closed set, name by name.
 */
export const ops: Readonly<Record<OpType, OpDefinition>> = {
  ...elementwiseOps,
  ...activationOps,
  ...matrixOps,
  ...quantizedOps,
  ...reduceOps,
  ...shapeOps,
  ...softmaxOps,
  ...gatherOps,
  ...normalizationOps,
};

export {
  add,
  clip,
  erf,
  exactGelu,
  exp,
  gelu,
  log,
  mul,
  neg,
  relu,
  scale,
  sigmoid,
  silu,
  sub,
  tanh,
} from './elementwise.ts';
export { gemm, matmul, plainMatmul, quantizedProduct } from './matrix.ts';
export { layerNorm, logSoftmax, rmsNorm, softmax } from './normalization.ts';
export { argMax, reduceMax, reduceSum } from './reduce.ts';
export {
  cast,
  concat,
  expand,
  gather,
  gatherElements,
  range,
  reshape,
  slice,
  split,
  transpose,
  zeros,
} from './shaping.ts';
