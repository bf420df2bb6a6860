import { GraphError, type QuantizedMatrix, type TransposedPairs, type Value } from './types.ts';

/**
 * Frozen matrices that a graph has in two quantised forms: a matrix and its transpose have scales of their own, one a
 * column each. A backward pass multiplies by the transpose.
 */
export class Transposes implements TransposedPairs {
  readonly #known = new Map<Value, QuantizedMatrix>();

  pair(a: QuantizedMatrix, b: QuantizedMatrix): void {
    this.#known.set(a.values, b);
    this.#known.set(b.values, a);
  }

  of(values: Value): QuantizedMatrix {
    const transpose = this.#known.get(values);
    if (!transpose) throw new GraphError('DynamicQuantizeMatMul', `the transpose of ${values.name} was not given`);
    return transpose;
  }
}
