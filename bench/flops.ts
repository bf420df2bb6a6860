import type { Graph } from '../src/graph/graph.ts';
import { neededNodes } from '../src/graph/schedule.ts';
import { factorsOf } from '../src/graph/shape.ts';
import type { Dim } from '../src/graph/types.ts';

/** Floating-point operations of a graph's matrix products (a multiplication and an addition each count one). */
export function productFlops(graph: Graph, extents: Readonly<Record<string, number>>): number {
  const value = (dim: Dim) =>
    factorsOf(dim).reduce<number>(
      (product, factor) => product * (typeof factor === 'number' ? factor : extents[factor]!),
      1,
    );
  let flops = 0;
  for (const node of neededNodes(graph)) {
    if (node.op !== 'Gemm' && node.op !== 'FusedMatMul') continue;
    const inner = node.inputs[0]!.shape.at(node.attributes.transA === 1 ? -2 : -1)!;
    flops += 2 * value(inner) * node.outputs[0]!.shape.reduce<number>((product, dim) => product * value(dim), 1);
  }
  return flops;
}
