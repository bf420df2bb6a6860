import type { Graph } from '../../graph/graph.ts';
import { neededNodes, scheduled } from '../../graph/schedule.ts';
import type { Node, Value } from '../../graph/types.ts';

type Consumers = ReadonlyMap<Value, readonly Node[]>;

/**
 * The order in which ONNX Runtime runs a graph's nodes, which is not quite the order they are written in: depth first
 * from the last node without consumers, of several inputs the latest node's first, each node after all that it needs.
 * Where two nodes are fused the new one is the latest, so that each pass of the optimiser changes the order for the
 * next. What is computed of constants alone is computed when the session starts.
 */
export function executionOrder(graph: Graph): Node[] {
  const nodes = withoutFolded(scheduled(neededNodes(graph)));
  const consumers = consumersOf(nodes);
  let ranked = nodes;
  let order = depthFirst(ranked, consumers);
  for (const isFused of fusions) {
    const fused = new Set(order.filter(node => isFused(node, consumers)));
    ranked = [...ranked.filter(node => !fused.has(node)), ...fused];
    order = depthFirst(ranked, consumers);
  }
  return order;
}

function withoutFolded(nodes: readonly Node[]): Node[] {
  const folded = new Set<Node>();
  for (const node of nodes) {
    const isFolded = node.inputs.every(input => !input || input.constant || (input.node && folded.has(input.node)));
    if (isFolded) folded.add(node);
  }
  return nodes.filter(node => !folded.has(node));
}

/** Nodes that come to stand for themselves and the one before, in the order of the passes that fuse them. */
const fusions: readonly ((node: Node, consumers: Consumers) => boolean)[] = [
  (node, consumers) => node.op === 'Reshape' && follows(node, 'Reshape', consumers) && !!node.inputs[1]?.constant,
  (node, consumers) => node.op === 'Relu' && follows(node, 'Gemm', consumers),
];

/** Whether a node is the only one that reads a node of that kind. */
function follows({ inputs: [input] }: Node, op: string, consumers: Consumers): boolean {
  return input?.node?.op === op && consumers.get(input)?.length === 1;
}

function consumersOf(nodes: readonly Node[]): Consumers {
  const consumers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (!input) continue;
      const known = consumers.get(input);
      if (known) known.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}

/** `ranked` says which of several nodes is later. */
function depthFirst(ranked: readonly Node[], consumers: Consumers): Node[] {
  const rank = new Map(ranked.map((node, index) => [node, index]));
  const order: Node[] = [];
  const entered = new Set<Node>();
  const leaves = ranked.filter(node => node.outputs.every(output => !consumers.has(output)));
  const stack = leaves.map(node => ({ node, leaving: false }));
  while (stack.length > 0) {
    const { node, leaving } = stack.pop()!;
    if (leaving) order.push(node);
    else if (!entered.has(node)) {
      entered.add(node);
      stack.push({ node, leaving: true });
      const producers = [...new Set(node.inputs.flatMap(input => input?.node ?? []))].filter(each => rank.has(each));
      producers.sort((a, b) => rank.get(a)! - rank.get(b)!);
      for (const producer of producers) if (!entered.has(producer)) stack.push({ node: producer, leaving: false });
    }
  }
  return order;
}
