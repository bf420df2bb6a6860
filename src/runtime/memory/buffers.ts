import type { Graph } from '../../graph/graph.ts';
import { neededNodes, scheduled } from '../../graph/schedule.ts';
import { BYTES } from '../../graph/shape.ts';
import type { Node, TensorType, Value } from '../../graph/types.ts';
import { placements } from './kernels.ts';

/** Memory that one tensor after another lives in. Steps count nodes in the order they run. */
export interface Buffer {
  /** Of the tensor it was made for; its extents get their values when the graph runs. */
  readonly type: TensorType;
  /** Step before which it is allocated. */
  readonly from: number;
  /** Step after which it is freed; undefined for an output of the graph, which leaves with the caller. */
  readonly until: number | undefined;
}

interface Draft {
  readonly type: TensorType;
  readonly from: number;
  until: number;
  /** Uses of its tensors not yet made. */
  uses: number;
  /** Never written over: an input or constant of the graph, or one of its outputs. */
  readonly fixed: boolean;
}

/**
 * Which tensors of a run share memory, as ONNX Runtime plans it before it knows any extent: a kernel writes over an
 * input that nobody reads again, and a dead buffer serves the next tensor of the same type and declared shape. It stays
 * allocated until then, so that a plan by shapes alone cannot be exact about what is in use.
 */
export function planBuffers(graph: Graph): Buffer[] {
  const order = executionOrder(graph);
  const uses = countUses(order);
  // ONNX Runtime removes the Identity that names an output.
  const leaving = new Set(order.flatMap(node => (isOutput(node, graph) ? node.inputs : [])));
  const buffers = new Map<Value, Draft>();
  const drafts: Draft[] = [];
  const free = new Map<string, Draft[]>();

  const bufferOf = (value: Value): Draft => {
    const known = buffers.get(value);
    if (known) return known;
    // Inputs and constants of the graph lie elsewhere, and last.
    const outside = { type: value, from: 0, until: 0, uses: Number.POSITIVE_INFINITY, fixed: true };
    buffers.set(value, outside);
    return outside;
  };
  const done = (draft: Draft) => {
    draft.uses -= 1;
    if (draft.uses === 0) free.set(kindOf(draft.type), [...(free.get(kindOf(draft.type)) ?? []), draft]);
  };
  const place = (node: Node, output: Value, index: number, step: number): Draft => {
    const fixed = leaving.has(output);
    const shared = fixed ? undefined : (overwritten(node, output, index, bufferOf) ?? takeFree(free, output));
    if (shared) return shared;
    const draft = { type: output, from: step, until: step, uses: 0, fixed };
    drafts.push(draft);
    return draft;
  };

  for (const [step, node] of order.entries()) {
    if (isOutput(node, graph)) continue;
    const outputs = node.outputs.filter((output, index) => index === 0 || uses.has(output) || node.op === 'Split');
    for (const [index, output] of outputs.entries()) {
      const draft = place(node, output, index, step);
      draft.uses += 1 + (uses.get(output) ?? 0);
      buffers.set(output, draft);
    }
    const touched = [...node.inputs.flatMap(input => (input ? bufferOf(input) : [])), ...outputs.map(bufferOf)];
    for (const draft of touched) {
      draft.until = step;
      done(draft);
    }
  }
  return drafts.map(({ type, from, until, fixed }) => ({ type, from, until: fixed ? undefined : until }));
}

const isOutput = (node: Node, graph: Graph): boolean => graph.outputs.includes(node.outputs[0]!);

function countUses(order: readonly Node[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  for (const input of order.flatMap(node => node.inputs)) if (input) uses.set(input, (uses.get(input) ?? 0) + 1);
  return uses;
}

/** The input whose memory the output takes over. */
function overwritten(node: Node, output: Value, index: number, bufferOf: (value: Value) => Draft): Draft | undefined {
  if (index > 0) return undefined;
  const { alias, inPlace = [] } = placements[node.op];
  if (alias !== undefined) return bufferOf(node.inputs[alias]!);
  const input = inPlace
    .map(at => node.inputs[at])
    .find(value => value && bufferOf(value).uses === 1 && kindOf(value) === kindOf(output));
  return input && bufferOf(input);
}

/** The buffer that became free last, of those that fit. Scalars always get their own. */
function takeFree(free: ReadonlyMap<string, Draft[]>, output: Value): Draft | undefined {
  return output.shape.length === 0 ? undefined : free.get(kindOf(output))?.pop();
}

/**
 * Declared shape and width of elements: buffers that agree in both can stand for each other. Sizes are not known yet.
 */
const kindOf = ({ dtype, shape }: TensorType): string => `${BYTES[dtype]} ${shape}`;

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
