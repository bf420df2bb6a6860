import type { Attributes, Node, TensorType, Value } from '../types.ts';

/** What a gradient rule is told. */
export interface GradientContext {
  readonly node: Node;
  /** ∂loss/∂output for each output; `undefined` where nothing depends on it. */
  readonly outputGradients: readonly (Value | undefined)[];
  /** Which inputs want a gradient: a rule makes no other. */
  readonly wanted: readonly boolean[];
}

/** Gradients in the order of the inputs. One may have the output's broadcast shape: the walker sums it down. */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/** One operation: where it is registered, its output types, its derivative. */
export interface OpDefinition {
  /** Empty for ONNX's own operations. */
  readonly domain?: 'com.microsoft';
  /**
   * Attributes that repeat a constant input for shape inference; ONNX has them as inputs only, so they are not written.
   */
  readonly internal?: readonly string[];
  infer(inputs: readonly Value[], attributes: Attributes): readonly TensorType[];
  /** `null` says that nothing differentiable comes out of this operation (integers, booleans, shapes). */
  readonly gradient: GradientRule | null;
}

/** The gradient of the only output of a one-output operation. */
export function onlyGradient(context: GradientContext): Value {
  const gradient = context.outputGradients[0];
  if (!gradient) throw new Error(`${context.node.op}: its gradient rule was called without an output gradient`);
  return gradient;
}

export function inputOf(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (!value) throw new Error(`${node.op}: input ${index} is missing`);
  return value;
}

/** A value of the forward pass as a backward pass has it: the value itself, or the same computed again. */
export const held = (value: Value): Value => value.graph.recomputation.of(value);
