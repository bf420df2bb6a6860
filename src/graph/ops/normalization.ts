import { type Dim, GraphError, type Value } from '../types.ts';
import { held, inputOf, type OpDefinition } from './definition.ts';
import { add, mul, scale, sub } from './elementwise.ts';
import { gemm } from './matrix.ts';
import { reshape } from './shaping.ts';

/** RMS norm of rows: x [n, d], weight [d] → x / √(mean(x²) + ε) ⊙ weight. */
export const rmsNorm = (x: Value, weight: Value, epsilon: number): Value =>
  x.graph.apply('SimplifiedLayerNormalization', [x, weight], { axis: -1, epsilon: { float: epsilon } })[0]!;

export const normalizationOps = {
  // y = r x ⊙ w with r = (mean(x²) + ε)^−½, both outputs of the operation; dr/dx = −r³ x / d, so
  // dx = r (dy ⊙ w) − x r³/d (⟨dy ⊙ x, w⟩ + dr) and dw = Σ_n r_n (dy ⊙ x)_n
  SimplifiedLayerNormalization: {
    infer: ([x, weight]) => {
      if (x!.shape.length !== 2 || weight!.shape.length !== 1 || x!.shape[1] !== weight!.shape[0]) {
        throw new GraphError(
          'SimplifiedLayerNormalization',
          `needs [n, d] and [d], got [${x!.shape}] and [${weight!.shape}]`,
        );
      }
      return [
        { dtype: x!.dtype, shape: x!.shape },
        { dtype: x!.dtype, shape: [x!.shape[0]!, 1] },
      ];
    },
    gradient: ({ node, outputGradients: [dy, dr], wanted }) => {
      const [x, weight] = [held(inputOf(node, 0)), held(inputOf(node, 1))];
      const r = held(node.outputs[1]!);
      const width = x.shape[1] as number;
      const column: [Dim, Dim] = [width, 1];
      const product = dy && mul(dy, x);
      let inner = product && gemm(product, reshape(weight, column));
      if (dr) inner = inner ? add(inner, dr) : dr;
      const coefficient = scale(mul(inner!, mul(r, mul(r, r))), 1 / width);
      const along = mul(x, coefficient);
      return [
        wanted[0] ? sub(dy ? mul(mul(dy, weight), r) : scale(along, 0), along) : undefined,
        wanted[1] && product ? reshape(gemm(product, r, { transA: true }), [width]) : undefined,
      ];
    },
  },
} satisfies Record<string, OpDefinition>;
