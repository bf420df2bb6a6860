import { activationOps } from './activations.ts';
import type { OpDefinition } from './definition.ts';
import { elementwiseOps } from './elementwise.ts';
import { gatherOps } from './gather.ts';
import { matrixOps } from './matrix.ts';
import { normalizationOps } from './normalization.ts';
import { quantizedOps } from './quantized.ts';
import { reduceOps } from './reduce.ts';
import { shapeOps } from './shape.ts';
import { softmaxOps } from './softmax.ts';

const families = {
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

export type OpType = keyof typeof families;

/** The closed set of operations a graph can hold: all of them, and only they, are ever written to a model. */
export const ops: Readonly<Record<OpType, OpDefinition>> = families;

export { exactGelu, gelu, relu, sigmoid, silu, tanh } from './activations.ts';
export { add, clip, erf, exp, log, mul, neg, scale, sub } from './elementwise.ts';
export { gather, gatherElements } from './gather.ts';
export { gemm, matmul, plainMatmul } from './matrix.ts';
export { layerNorm, rmsNorm } from './normalization.ts';
export { quantizedProduct } from './quantized.ts';
export { argMax, reduceMax, reduceSum } from './reduce.ts';
export { cast, concat, expand, range, reshape, split, transpose, zeros } from './shape.ts';
export { logSoftmax, softmax } from './softmax.ts';
