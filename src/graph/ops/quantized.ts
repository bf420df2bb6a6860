import { GraphError, type QuantizedMatrix, type Value } from '../types.ts';
import { inputOf, type OpDefinition, onlyGradient } from './definition.ts';

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
