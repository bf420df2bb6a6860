import { fillNormal } from '../../src/core/random.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as op from '../../src/graph/ops/ops.ts';
import type { Value } from '../../src/graph/types.ts';
import type { Feeds } from '../../src/runtime/session.ts';
import type { OpCase } from './cases.ts';
import { sizeOf, type Tensor, tensor } from './reference.ts';

/** A case as a graph: its output, a scalar of it, and that one's first and second derivatives by the float inputs. */
export interface Built {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly loss: Value;
  readonly first: readonly Value[];
  readonly second: readonly Value[];
}

/** A scalar that weighs the columns differently and is curved, so that no derivative vanishes by symmetry. */
function curvedSum(value: Value, graph: Graph): Value {
  const rows = value.shape.length === 0 ? op.reshape(value, [1]) : value;
  const weights = graph.floats(
    Float32Array.from({ length: rows.shape.at(-1) as number }, (_, i) => 0.3 + ((i * 7) % 5) / 4),
  );
  const curved = op.mul(weights, op.mul(rows, op.add(rows, graph.scalar(0.5))));
  return op.reduceSum(curved, [...rows.shape.keys()], false);
}

export function buildCase(test: OpCase): Built {
  const graph = new Graph();
  const inputs = test.shapes.map((shape, i) => graph.input(`x${i}`, 'float32', test.declared?.[i] ?? shape));
  const indices = (test.indices ?? []).map(({ shape }, i) => graph.input(`i${i}`, 'int32', shape));
  const output = graph.output('output', test.build(inputs, indices, graph));
  const loss = graph.output('loss', curvedSum(output, graph));
  const first = gradients(loss, inputs).map((gradient, i) => graph.output(`first${i}`, gradient));
  const slope = first.map(gradient => curvedSum(gradient, graph)).reduce((a, b) => op.add(a, b));
  const second = gradients(slope, inputs).map((gradient, i) => graph.output(`second${i}`, gradient));
  graph.output('slope', slope);
  return { graph, inputs, loss, first, second };
}

/** Values away from the kinks of relu. */
export function feedsOf(test: OpCase): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [i, shape] of test.shapes.entries()) {
    const data = fillNormal(new Float32Array(sizeOf(shape)), i, `case ${test.name}`);
    feeds[`x${i}`] = tensor(
      shape,
      data.map(value => value + 0.05 * Math.sign(value)),
    );
  }
  for (const [i, { shape, values }] of (test.indices ?? []).entries()) feeds[`i${i}`] = tensor(shape, values);
  return feeds;
}

export function toRuntime(graph: Graph, feeds: Record<string, Tensor>): Feeds {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype }) => {
      const { shape, data } = feeds[name]!;
      if (dtype === 'int32') return [name, { type: 'int32', data: Int32Array.from(data), dims: shape }];
      return [name, { type: 'float32', data: Float32Array.from(data), dims: shape }];
    }),
  );
}
