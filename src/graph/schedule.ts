import type { Graph } from './graph.ts';
import type { Node, Value } from './types.ts';

/** The nodes that the outputs depend on, in order. */
export function neededNodes(graph: Graph): Node[] {
  const needed = new Set<Value | undefined>(graph.outputs);
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some(output => needed.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}

/**
 * The nodes in another topological order: from the end, of those that all users of have been placed, the one made
 * first.
 *
 * ONNX Runtime runs a graph depth first from its outputs and computes, of a node's inputs, the one written last first.
 * Written in the order they were made, the last input of the flat gradient, which needs the whole backward pass, would
 * come first, and the hidden gradients that all the others need would be held until then. Written so, nodes run in
 * about the order they were made, each as soon as it can.
 */
export function scheduled(nodes: readonly Node[]): Node[] {
  const producer = new Map(nodes.flatMap((node, position) => node.outputs.map(output => [output, position] as const)));
  const needs = nodes.map(({ inputs }) => new Set(inputs.flatMap(input => (input && producer.get(input)) ?? [])));
  const users = nodes.map(() => 0);
  for (const need of needs.flatMap(each => [...each])) users[need]!++;
  // Descending, so that the node made first is at the end.
  const ready = [...nodes.keys()].filter(position => users[position] === 0).reverse();
  const order: Node[] = [];
  for (let position = ready.pop(); position !== undefined; position = ready.pop()) {
    order.push(nodes[position]!);
    for (const need of needs[position]!) {
      users[need]!--;
      if (users[need] === 0) ready.splice(placeOf(need, ready), 0, need);
    }
  }
  return order.reverse();
}

/** Where a position belongs in a descending list. */
function placeOf(position: number, descending: readonly number[]): number {
  let [low, high] = [0, descending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (descending[middle]! > position) low = middle + 1;
    else high = middle;
  }
  return low;
}
