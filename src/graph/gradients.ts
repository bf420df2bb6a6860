import { add, expand, gemm, ops, reduceSum, reshape, zeros } from './ops/ops.ts';
import { broadcastAxes, productOf, sameShape } from './shape.ts';
import { GraphError, type Node, type Value } from './types.ts';

/**
 * Adds to the graph the nodes that compute ∂loss/∂value for each value of `wrt`, and returns those gradients, shaped
 * like the values; a value the loss does not depend on gets zeros.
 *
 * The walk goes backward over the nodes that lie between `wrt` and the loss and over no others: nothing below the
 * lowest trainable value is visited, and a frozen weight gets no gradient. Rules emit plain nodes of the same closed
 * set, so a gradient can itself be differentiated.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) throw new GraphError('gradients', `the loss must be a scalar, got [${loss.shape}]`);
  const { graph } = loss;
  const between = dependentsOf(wrt, graph.nodes);
  const contributions = new Map<Value, Value>([[loss, graph.scalar(1)]]);
  // A copy: the rules below append to the graph's own list.
  for (const node of [...graph.nodes].reverse()) {
    const outputGradients = node.outputs.map(output => contributions.get(output));
    if (outputGradients.every(gradient => gradient === undefined)) continue;
    const wanted = node.inputs.map(input => input !== undefined && between.has(input));
    if (!wanted.includes(true)) continue;
    const rule = ops[node.op].gradient;
    if (!rule) continue;
    const inputGradients = rule({ node, outputGradients, wanted });
    if (inputGradients.length !== node.inputs.length) {
      throw new GraphError(
        node.op,
        `its rule gives ${inputGradients.length} gradients for ${node.inputs.length} inputs`,
      );
    }
    for (const [index, input] of node.inputs.entries()) {
      const gradient = inputGradients[index];
      if (!input || !gradient || !wanted[index]) continue;
      const sofar = contributions.get(input);
      const reduced = sumTo(gradient, input);
      contributions.set(input, sofar ? accumulate(sofar, reduced) : reduced);
    }
  }
  return wrt.map(value => contributions.get(value) ?? zeros(value));
}

/** Values that depend, differentiably, on any of `sources`, these included. */
function dependentsOf(sources: readonly Value[], nodes: readonly Node[]): Set<Value> {
  const dependents = new Set(sources);
  for (const node of nodes) {
    if (ops[node.op].gradient && node.inputs.some(input => input && dependents.has(input))) {
      for (const output of node.outputs) dependents.add(output);
    }
  }
  return dependents;
}

/** Undoes broadcasting: sums a gradient over the axes along which `value` was stretched. */
function sumTo(gradient: Value, value: Value): Value {
  if (sameShape(gradient.shape, value.shape)) return gradient;
  const [rows, columns] = gradient.shape;
  if (gradient.shape.length === 2 && value.shape.at(-1) === columns && productOf(value.shape) === columns) {
    // A bias: the product with a row of ones is three times as fast as a sum over rows.
    return reshape(gemm(expand(gradient.graph.scalar(1), [1, rows!]), gradient), value.shape);
  }
  return reshape(reduceSum(gradient, broadcastAxes(gradient.shape, value.shape)), value.shape);
}

/** a + b; where one of them is a bare matrix product the other becomes its C, which saves a pass over memory. */
function accumulate(a: Value, b: Value): Value {
  return absorb(b, a) ?? absorb(a, b) ?? add(a, b);
}

function absorb(product: Value, other: Value): Value | undefined {
  const { node } = product;
  if (node?.op !== 'Gemm' || node.inputs[2] || !sameShape(product.shape, other.shape)) return undefined;
  const { alpha, transA, transB } = node.attributes as { alpha: { float: number }; transA: number; transB: number };
  return gemm(node.inputs[0]!, node.inputs[1]!, {
    alpha: alpha.float,
    transA: transA === 1,
    transB: transB === 1,
    c: other,
  });
}
