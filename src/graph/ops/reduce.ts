import { normalizeAxis } from '../shape.ts';
import { type Dim, GraphError, type Value } from '../types.ts';
import { held, inputOf, type OpDefinition, onlyGradient } from './definition.ts';
import { isPositive, mul, sub } from './elementwise.ts';
import { expand, reshape } from './shaping.ts';

/** Sum over `axes`, which stay as extents of 1 when `keepDims`. */
export function reduceSum(x: Value, axes: readonly number[], keepDims = true): Value {
  if (axes.length === 0) return x;
  const front = axes.map(axis => normalizeAxis('ReduceSum', axis, x.shape.length)).sort((a, b) => a - b);
  return x.graph.apply('ReduceSum', [x, x.graph.int64s(front)], { keepdims: Number(keepDims), axes: front })[0]!;
}

/** Largest element along the last axis, which stays as an extent of 1. */
export const reduceMax = (x: Value): Value => {
  const axes = [x.shape.length - 1];
  return x.graph.apply('ReduceMax', [x, x.graph.int64s(axes)], { keepdims: 1, axes })[0]!;
};

/** x's shape with the reduced axes kept as 1. */
const keptShape = (x: Value, axes: readonly number[]): Dim[] =>
  x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));

/** `axes` repeats the second input. */
const reduced: OpDefinition['infer'] = ([x], attributes) => {
  const axes = attributes.axes as readonly number[];
  const shape = attributes.keepdims === 1 ? keptShape(x!, axes) : x!.shape.filter((_, axis) => !axes.includes(axis));
  return [{ dtype: x!.dtype, shape }];
};

export const reduceOps = {
  // d Σx = Σdx: the gradient is the same for every summed element
  ReduceSum: {
    internal: ['axes'],
    infer: reduced,
    gradient: context => {
      const x = inputOf(context.node, 0);
      const axes = context.node.attributes.axes as readonly number[];
      return [expand(reshape(onlyGradient(context), keptShape(x, axes)), x.shape), undefined];
    },
  },
  // d max(x) = Σ [x = max(x)] dx, where one element alone is the largest
  ReduceMax: {
    internal: ['axes'],
    infer: reduced,
    gradient: context => {
      const [x, largest] = [held(inputOf(context.node, 0)), held(context.node.outputs[0]!)];
      const isSmaller = isPositive(sub(largest, x));
      return [mul(onlyGradient(context), sub(x.graph.scalar(1), isSmaller)), undefined];
    },
  },
  // Index of the largest element along an axis: nothing to differentiate.
  ArgMax: {
    infer: ([x], attributes) => {
      if (attributes.keepdims !== 0) throw new GraphError('ArgMax', 'only keepdims = 0 is used');
      const axis = normalizeAxis('ArgMax', attributes.axis as number, x!.shape.length);
      return [{ dtype: 'int64', shape: x!.shape.filter((_, index) => index !== axis) }];
    },
    gradient: null,
  },
} satisfies Record<string, OpDefinition>;

/** Index of the largest element along the last axis, int64. */
export const argMax = (x: Value): Value => x.graph.apply('ArgMax', [x], { axis: -1, keepdims: 0 })[0]!;
