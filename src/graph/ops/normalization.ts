import { GraphError, type Value } from '../types.ts';
import { held, inputOf, type OpDefinition, onlyGradient } from './definition.ts';
import { add, exp, mul, neg, scale, sub } from './elementwise.ts';
import { gemm } from './matrix.ts';
import { reduceSum } from './reduce.ts';
import { expand, reshape } from './shaping.ts';

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

/** RMS norm of rows: x [n, d], weight [d] → x / √(mean(x²) + ε) ⊙ weight. */
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value =>
  x.graph.apply('SimplifiedLayerNormalization', [x, weight], { axis: -1, epsilon: { float: epsilon } })[0]!;

/**
 * Layer norm of rows: x [n, d], weight and bias [d] → (x − μ) / √(σ² + ε) ⊙ weight + bias, with each row's mean μ and
 * variance σ². Without a bias as ModernBERT's.
 */
export function layerNorm(x: Value, weight: Value, bias: Value | undefined, epsilon: number): Value {
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return x.graph.apply('LayerNormalization', bias ? [x, weight, bias] : [x, weight], attributes)[0]!;
}

/** Both norms normalise rows; beside y [n, d] they give `statistics` numbers of each row, [n, 1]. */
const ofRows =
  (op: string, statistics: number): OpDefinition['infer'] =>
  ([x, ...vectors]) => {
    const [rows, width] = x!.shape;
    if (x!.shape.length !== 2 || vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== width)) {
      const got = vectors.map(({ shape }) => `[${shape}]`).join(' and ');
      throw new GraphError(op, `needs [n, d] and [d], got [${x!.shape}] and ${got}`);
    }
    const { dtype } = x!;
    return [{ dtype, shape: x!.shape }, ...Array.from({ length: statistics }, () => ({ dtype, shape: [rows!, 1] }))];
  };

/**
 * dx and dw of y = r x ⊙ w, as dy and dr give them, where r = (mean(x²) + ε)^−½ follows x: dr/dx = −r³ x / d, so
 * dx = r (dy ⊙ w) − x r³/d (⟨dy ⊙ x, w⟩ + dr) and dw = Σ_n r_n (dy ⊙ x)_n
 */
function scaledRowsGradient(
  [x, weight, r]: readonly [Value, Value, Value],
  [dy, dr]: readonly [Value | undefined, Value | undefined],
  wanted: readonly boolean[],
): [Value | undefined, Value | undefined] {
  const width = x.shape[1] as number;
  const product = dy && mul(dy, x);
  const inner = sumOf(product && gemm(product, reshape(weight, [width, 1])), dr);
  const along = inner && mul(x, scale(mul(inner, mul(r, mul(r, r))), 1 / width));
  return [
    wanted[0] && along ? (dy ? sub(mul(mul(dy, weight), r), along) : neg(along)) : undefined,
    wanted[1] && product ? reshape(gemm(product, r, { transA: true }), [width]) : undefined,
  ];
}

const sumOf = (a: Value | undefined, b: Value | undefined): Value | undefined => (a && b ? add(a, b) : (a ?? b));

export const normalizationOps = {
  // y = r x ⊙ w; y and r are the outputs.
  SimplifiedLayerNormalization: {
    infer: ofRows('SimplifiedLayerNormalization', 1),
    gradient: ({ node, outputGradients: [dy, dr], wanted }) => {
      const [x, weight, r] = [held(inputOf(node, 0)), held(inputOf(node, 1)), held(node.outputs[1]!)];
      return scaledRowsGradient([x, weight, r], [dy, dr], wanted);
    },
  },
  // y = r c ⊙ w + b with c = x − μ; y, μ and r are the outputs. As c has its mean taken out, so does its gradient:
  // dx = dc − (r ⟨dy, w⟩ − dμ)/d, where dc is that of the scaled rows, and db = Σ_n dy_n.
  // c is computed again from x: the same by ⟨dy ⊙ x, w⟩ − μ ⟨dy, w⟩ would cancel where a row lies far from zero.
  LayerNormalization: {
    infer: ofRows('LayerNormalization', 2),
    gradient: ({ node, outputGradients: [dy, dMean, dr], wanted }) => {
      const [x, weight] = [held(inputOf(node, 0)), held(inputOf(node, 1))];
      const [mean, r] = [held(node.outputs[1]!), held(node.outputs[2]!)];
      const width = x.shape[1] as number;
      const [dCentred, dWeight] = scaledRowsGradient([sub(x, mean), weight, r], [dy, dr], wanted);
      const perRow = sumOf(dy && mul(gemm(dy, reshape(weight, [width, 1])), r), dMean && neg(dMean));
      const shift = wanted[0] && perRow ? scale(perRow, 1 / width) : undefined;
      const dx = dCentred && shift ? sub(dCentred, shift) : (dCentred ?? (shift && neg(expand(shift, x.shape))));
      return [dx, dWeight, ...(node.inputs.length > 2 ? [dy] : [])];
    },
  },
} satisfies Record<string, OpDefinition>;
