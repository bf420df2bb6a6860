import type { Value } from '../types.ts';
import { held, type OpDefinition, onlyGradient } from './definition.ts';
import { exp, mul, sub } from './elementwise.ts';
import { reduceSum } from './reduce.ts';

/** Softmax over the last axis. */
export const softmax = (x: Value): Value => x.graph.apply('Softmax', [x], { axis: -1 })[0]!;
/** log(softmax) over the last axis. */
export const logSoftmax = (x: Value): Value => x.graph.apply('LogSoftmax', [x], { axis: -1 })[0]!;

const sameType: OpDefinition['infer'] = ([x]) => [{ dtype: x!.dtype, shape: x!.shape }];

export const softmaxOps = {
  // dx = y ⊙ (dy − Σ y dy)
  Softmax: {
    infer: sameType,
    gradient: context => {
      const y = held(context.node.outputs[0]!);
      const dy = onlyGradient(context);
      return [mul(y, sub(dy, reduceSum(mul(dy, y), [-1])))];
    },
  },
  // dx = dy − softmax(x) Σ dy
  LogSoftmax: {
    infer: sameType,
    gradient: context => {
      const dy = onlyGradient(context);
      return [sub(dy, mul(exp(held(context.node.outputs[0]!)), reduceSum(dy, [-1])))];
    },
  },
} satisfies Record<string, OpDefinition>;
