import type { OpType } from '../types.ts';
import { activationOps } from './activations.ts';
import type { OpDefinition } from './definition.ts';
import { elementwiseOps } from './elementwise.ts';
import { gatherOps } from './gather.ts';
import { matrixOps } from './matrix.ts';
import { normalizationOps, softmaxOps } from './normalization.ts';
import { quantizedOps } from './quantized.ts';
import { reduceOps } from './reduce.ts';
import { shapeOps } from './shaping.ts';

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

export { exactGelu, gelu, relu, sigmoid, silu, tanh } from './activations.ts';
export { add, clip, erf, exp, log, mul, neg, scale, sub } from './elementwise.ts';
export { gather, gatherElements } from './gather.ts';
export { gemm, matmul, plainMatmul } from './matrix.ts';
export { layerNorm, logSoftmax, rmsNorm, softmax } from './normalization.ts';
export { quantizedProduct } from './quantized.ts';
export { argMax, reduceMax, reduceSum } from './reduce.ts';
export { cast, concat, expand, range, reshape, slice, split, transpose, zeros } from './shaping.ts';
