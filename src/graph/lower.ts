import { Graph } from './graph.ts';
import { neededNodes } from './schedule.ts';
import type { Node, OpType, Value } from './types.ts';

/**
 * Writes a node in other operations: given its inputs, as the new graph has them, it returns its outputs there; or
 * nothing where the node can stay as it is.
 */
type Lowering = (inputs: readonly Value[], node: Node) => readonly Value[] | undefined;

/** What is to be written otherwise; all other operations stay. */
export type Lowerings = Partial<Readonly<Record<OpType, Lowering>>>;

/** What else of a graph is to be written anew. */
interface Leaves {
  /**
   * Makes of the lowered graph, before any node is in it, what stands for each input; absent it has the same inputs.
   */
  readonly inputs?: (graph: Graph) => Readonly<Record<string, Value>>;
  /** What stands for a constant; undefined where it is the same. */
  readonly constant?: (graph: Graph, constant: Value) => Value | undefined;
}

/**
 * The same computation as another graph, in the operations of a device: for one that lacks a kernel, or limits it. What
 * nothing depends on is left out. The given graph is not changed.
 */
export function lower(graph: Graph, lowerings: Lowerings, { inputs, constant }: Leaves = {}): Graph {
  const lowered = new Graph();
  const values = new Map<Value, Value>();
  const given = inputs?.(lowered);
  for (const input of graph.inputs) {
    values.set(input, given ? given[input.name]! : lowered.input(input.name, input.dtype, input.shape));
  }
  const outputs = new Set(graph.outputs);

  const inLowered = (value: Value): Value => {
    const known = values.get(value) ?? constant?.(lowered, value) ?? constantIn(lowered, value);
    values.set(value, known);
    return known;
  };
  for (const node of neededNodes(graph)) {
    const inputs = node.inputs.map(input => input && inLowered(input));
    const [first] = node.outputs;
    const written = outputs.has(first!)
      ? [lowered.output(first!.name, inputs[0]!)]
      : // A copy, where it stays: what the graph computes twice it computes twice on purpose (`graph.ts`).
        (lowerings[node.op]?.(inputs as Value[], node) ?? lowered.copy(node, inputs));
    for (const [index, value] of node.outputs.entries()) values.set(value, written[index]!);
  }
  return lowered;
}

function constantIn(graph: Graph, { name, dtype, shape, constant }: Value): Value {
  if (!constant) throw new Error(`${name} is used before it is computed`);
  return 'external' in constant
    ? graph.external(name, dtype, shape, constant.external)
    : graph.bytes(dtype, constant.bytes, shape);
}
