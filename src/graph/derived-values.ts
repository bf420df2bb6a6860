import { GraphError, type QuantizedMatrix, type Recomputation, type TransposedPairs, type Value } from './types.ts';

/**
 * Values that a backward pass computes again where it needs them, so that they need not be held from the forward
 * pass until then: memory for time.
 */
export class RecomputedValues implements Recomputation {
  readonly #recipes = new Map<Value, () => Value>();
  readonly #made = new Map<Value, Value>();

  /** Marks a value. `again` computes it from what is held anyway; by default its node is run a second time. */
  mark(value: Value, again: () => Value = () => this.#copy(value)): void {
    this.#recipes.set(value, again);
  }

  /** What a backward pass is to use in place of `value`: the value itself unless it is marked. */
  of(value: Value): Value {
    const recipe = this.#recipes.get(value);
    if (!recipe) return value;
    const made = this.#made.get(value) ?? recipe();
    this.#made.set(value, made);
    return made;
  }

  #copy(value: Value): Value {
    const { graph, node } = value;
    if (!node) throw new Error(`${value.name} is no node's output: there is nothing to compute again`);
    const inputs = node.inputs.map(input => input && this.of(input));
    const outputs = graph.copy(node, inputs);
    // One copy gives all outputs of its node.
    for (const [index, output] of node.outputs.entries()) this.#made.set(output, outputs[index]!);
    return outputs[node.outputs.indexOf(value)]!;
  }
}

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
