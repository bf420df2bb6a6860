import type { Graph } from '../graph/graph.ts';
import { neededNodes } from '../graph/schedule.ts';
import { type Extents, elementsAt, extentAt } from '../graph/shape.ts';
import type { OpType } from '../graph/types.ts';

/** The operations that multiply matrices. */
export const PRODUCTS: readonly OpType[] = ['Gemm', 'FusedMatMul', 'DynamicQuantizeMatMul'];

/**
 * Operations of a graph's matrix products, of floating-point numbers or of integers (a multiplication and an addition
 * each count one).
 */
export function productFlops(graph: Graph, extents: Extents): number {
  let flops = 0;
  for (const node of neededNodes(graph)) {
    if (!PRODUCTS.includes(node.op)) continue;
    const inner = node.inputs[0]!.shape.at(node.attributes.transA === 1 ? -2 : -1)!;
    flops += 2 * extentAt(inner, extents) * elementsAt(node.outputs[0]!.shape, extents);
  }
  return flops;
}
