import type { Lowerings } from '../lower.ts';
import {
  add,
  concat,
  exp,
  log,
  mul,
  plainMatmul,
  reduceMax,
  reduceSum,
  scale,
  split,
  sub,
  transpose,
} from '../ops/ops.ts';
import type { Value } from '../types.ts';

/**
 * A kernel of WebGPU reads and writes at least this many tensors on any device: the standard's least value of
 * `maxStorageBuffersPerShaderStage`. ONNX Runtime's Split fails above the device's own.
 */
const MOST_TENSORS = 8;
const FAN = MOST_TENSORS - 1;

/** x with its last two axes swapped where asked for; of a transposition, another one of what it transposes. */
function swapped(x: Value, isTransposed: boolean): Value {
  if (!isTransposed) return x;
  const axes = [...x.shape.keys()];
  const permutation = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
  const before = x.node?.op === 'Transpose' ? (x.node.attributes.perm as readonly number[]) : undefined;
  return before
    ? transpose(
        x.node!.inputs[0]!,
        permutation.map(axis => before[axis]!),
      )
    : transpose(x, permutation);
}

/** As many groups as one kernel can take or give, of about equal length. */
function groups<Item>(items: readonly Item[]): Item[][] {
  const length = Math.ceil(items.length / FAN);
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) => items.slice(i * length, (i + 1) * length));
}

/** Split in a tree, so that no kernel writes too many pieces. */
function splitWide(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length <= FAN) return split(x, sizes, axis);
  const parts = groups(sizes);
  const sums = parts.map(part => part.reduce((a, b) => a + b));
  return split(x, sums, axis).flatMap((piece, i) => splitWide(piece, parts[i]!, axis));
}

/** Concatenation in a tree, so that no kernel reads too many pieces. */
function concatWide(values: readonly Value[], axis: number): Value {
  if (values.length <= FAN) return concat(values, axis);
  return concat(
    groups(values).map(group => concatWide(group, axis)),
    axis,
  );
}

/** (mean(x²) + ε)^−½ of each row [n, d] → [n, 1]. */
function inverseOfNorm(x: Value, epsilon: number): Value {
  const mean = scale(reduceSum(mul(x, x), [1]), 1 / (x.shape[1] as number));
  return exp(scale(log(add(mean, x.graph.scalar(epsilon))), -0.5));
}

/**
 * What ONNX Runtime's WebGPU provider has no kernel for, which would run on the CPU without a word; what its kernels
 * limit; and an output that its kernel leaves as it was.
 */
export const webgpuLowerings: Lowerings = {
  FusedMatMul: ([a, b], { attributes: { transA, transB } }) => [
    plainMatmul(swapped(a!, transA === 1), swapped(b!, transB === 1)),
  ],
  // x − m − log Σ exp(x − m), with the row's largest m, so that no exponent overflows
  LogSoftmax: ([x]) => {
    const shifted = sub(x!, reduceMax(x!));
    return [sub(shifted, log(reduceSum(exp(shifted), [-1])))];
  },
  // The kernel writes its first output alone.
  SimplifiedLayerNormalization: (inputs, node) => {
    const [x] = inputs;
    const { epsilon } = node.attributes as { epsilon: { float: number } };
    return [x!.graph.copy(node, inputs)[0]!, inverseOfNorm(x!, epsilon.float)];
  },
  Split: ([x], { attributes: { sizes, axis } }) => splitWide(x!, sizes as readonly number[], axis as number),
  Concat: (inputs, { attributes: { axis } }) =>
    inputs.length > FAN ? [concatWide(inputs, axis as number)] : undefined,
};
