import { broadcastShapes } from '../shape.ts';
import { type Dim, GraphError, type QuantizedMatrix, type Value } from '../types.ts';
import { type GradientRule, held, inputOf, type OpDefinition, onlyGradient } from './definition.ts';
import { concat, reshape } from './shaping.ts';

export interface Transposition {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** alpha · A′B′ (+ C), A′ [m, k], B′ [k, n], C broadcasting to [m, n]; a prime is a transposition where asked for. */
export function gemm(a: Value, b: Value, options: Transposition & { alpha?: number; c?: Value } = {}): Value {
  const [left, transA] = withoutTransposition(a, options.transA, 1);
  const [right, transB] = withoutTransposition(b, options.transB, 0);
  const attributes = { alpha: { float: options.alpha ?? 1 }, transA: Number(transA), transB: Number(transB) };
  return a.graph.apply('Gemm', options.c ? [left, right, options.c] : [left, right], attributes)[0]!;
}

/** A transposed column or row is a reshape, and a product without transposition of one is several times as fast. */
function withoutTransposition(x: Value, transposed = false, thinAxis: 0 | 1): [Value, boolean] {
  if (!transposed || x.shape.length !== 2 || x.shape[thinAxis] !== 1) return [x, transposed];
  return [reshape(x, [x.shape[1]!, x.shape[0]!]), false];
}

/** Batched product A′B′ over the last two axes; leading axes broadcast. */
export function matmul(a: Value, b: Value, options: Transposition = {}): Value {
  const attributes = { transA: Number(options.transA ?? false), transB: Number(options.transB ?? false) };
  return a.graph.apply('FusedMatMul', [a, b], attributes)[0]!;
}

/**
 * Batched product AB over the last two axes, by ONNX's own operation, which transposes nothing; leading axes broadcast.
 */
export const plainMatmul = (a: Value, b: Value): Value => a.graph.apply('MatMul', [a, b])[0]!;

function productShape(op: string, a: Value, b: Value, transA: boolean, transB: boolean): [Dim, Dim] {
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new GraphError(op, `needs matrices, got [${a.shape}] and [${b.shape}]`);
  const [rows, inner] = transA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [innerB, columns] = transB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  if (inner !== innerB) throw new GraphError(op, `inner extents differ: [${a.shape}] and [${b.shape}]`);
  return [rows, columns];
}

/**
 * dA and dB of Y = A′B′ as products of the same kind: dA′ = dY B′ᵀ, dB′ = A′ᵀ dY, each written in A's and B's own
 * layout.
 */
function productGradients(
  product: (a: Value, b: Value, transposition: Transposition) => Value,
  [a, b, dy]: readonly [Value, Value, Value],
  { transA, transB }: { transA: boolean; transB: boolean },
  wanted: readonly boolean[],
): [Value | undefined, Value | undefined] {
  const da = () =>
    transA ? product(held(b), dy, { transA: transB, transB: true }) : product(dy, held(b), { transB: !transB });
  const db = () =>
    transB ? product(dy, held(a), { transA: true, transB: transA }) : product(held(a), dy, { transA: !transA });
  return [wanted[0] ? da() : undefined, wanted[1] ? db() : undefined];
}

/**
 * The pieces of A and B where both are concatenations along their inner extent: AB = Σ AᵢBᵢ. Each piece then has a
 * gradient of its own, and one that nothing wants (of a column of ones) is never computed.
 */
function innerPieces(
  a: Value,
  b: Value,
  { transA, transB }: { transA: boolean; transB: boolean },
): [Value, Value][] | undefined {
  const innerAxis = transB ? 1 : 0;
  const [left, right] = [a.node, b.node];
  if (transA || left?.op !== 'Concat' || right?.op !== 'Concat') return undefined;
  if (left.attributes.axis !== 1 || right.attributes.axis !== innerAxis || left.inputs.length !== right.inputs.length)
    return undefined;
  const pairs = left.inputs.map((piece, i): [Value, Value] => [piece!, right.inputs[i]!]);
  return pairs.every(([x, y]) => x.shape[1] === y.shape[innerAxis]) ? pairs : undefined;
}

/** Both batched products are this; the plain one has no attributes. */
const batchedProduct =
  (op: string): OpDefinition['infer'] =>
  ([a, b], { transA, transB }) => {
    const [rows, columns] = productShape(op, a!, b!, transA === 1, transB === 1);
    const batch = broadcastShapes(op, a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    return [{ dtype: a!.dtype, shape: [...batch, rows, columns] }];
  };

const batchedProductGradient: GradientRule = context => {
  const { node, wanted } = context;
  const transposition = { transA: node.attributes.transA === 1, transB: node.attributes.transB === 1 };
  return productGradients(matmul, [inputOf(node, 0), inputOf(node, 1), onlyGradient(context)], transposition, wanted);
};

export const matrixOps = {
  Gemm: {
    infer: ([a, b, c], attributes) => {
      if (a!.shape.length !== 2 || b!.shape.length !== 2)
        throw new GraphError('Gemm', `needs matrices, got [${a!.shape}] and [${b!.shape}]`);
      const shape = productShape('Gemm', a!, b!, attributes.transA === 1, attributes.transB === 1);
      if (c) broadcastShapes('Gemm', shape, c.shape);
      return [{ dtype: a!.dtype, shape }];
    },
    gradient: context => {
      const { node, wanted } = context;
      const dy = onlyGradient(context);
      const { alpha } = node.attributes as { alpha: { float: number } };
      const transposition = { transA: node.attributes.transA === 1, transB: node.attributes.transB === 1 };
      const product = (a: Value, b: Value, t: Transposition) => gemm(a, b, { ...t, alpha: alpha.float });
      const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
      const pieces = innerPieces(a, b, transposition) ?? [[a, b]];
      const each = pieces.map(([left, right]) => productGradients(product, [left, right, dy], transposition, wanted));
      return [
        wanted[0]
          ? concat(
              each.map(([da]) => da!),
              1,
            )
          : undefined,
        wanted[1]
          ? concat(
              each.map(([, db]) => db!),
              transposition.transB ? 1 : 0,
            )
          : undefined,
        ...(node.inputs.length > 2 ? [dy] : []),
      ];
    },
  },
  FusedMatMul: { domain: 'com.microsoft', infer: batchedProduct('FusedMatMul'), gradient: batchedProductGradient },
  MatMul: { infer: batchedProduct('MatMul'), gradient: batchedProductGradient },
} satisfies Record<string, OpDefinition>;

/** x Ŵ of 8-bit integers: x [n, k], Ŵ [k, m] frozen → [n, m]. */
export const quantizedProduct = (x: Value, { values, scales }: QuantizedMatrix): Value =>
  x.graph.apply('DynamicQuantizeMatMul', [x, values, scales])[0]!;

export const quantizedOps = {
  // y = Q(x) Ŵ, where Q rounds to 256 steps between the least and the largest element of x and 0. Its derivative is
  // taken straight through the rounding, dx = dy Ŵᵀ, and is such a product itself, by the transpose's own rounding.
  DynamicQuantizeMatMul: {
    domain: 'com.microsoft',
    infer: ([x, values, scales]) => {
      const [rows, inner] = x!.shape;
      const [innerB, columns] = values!.shape;
      if (
        x!.shape.length !== 2 ||
        values!.shape.length !== 2 ||
        inner !== innerB ||
        scales!.shape.join() !== `${columns}`
      )
        throw new GraphError(
          'DynamicQuantizeMatMul',
          `needs [n, k], [k, m] and [m], got [${x!.shape}], [${values!.shape}] and [${scales!.shape}]`,
        );
      return [{ dtype: x!.dtype, shape: [rows!, columns!] }];
    },
    gradient: context => {
      const dy = onlyGradient(context);
      return [quantizedProduct(dy, dy.graph.transposes.of(inputOf(context.node, 1))), undefined, undefined];
    },
  },
} satisfies Record<string, OpDefinition>;
