import type { Graph } from '../../graph/graph.ts';
import { neededNodes } from '../../graph/schedule.ts';
import { bytesAt, type Extents } from '../../graph/shape.ts';
import type { Node, Value } from '../../graph/types.ts';
import { PRODUCTS } from '../program-graphs.ts';
import { type Allocation, createArena } from './arena.ts';
import { type Buffer, planBuffers } from './buffers.ts';

/** What the first session of a process adds: ONNX Runtime's library and its threads. Measured, as are the next two. */
export const RUNTIME_BYTES = 40 * 2 ** 20;
/** What a session's own objects take, and those of each node, with onnxruntime-node 1.30 on 1,000 to 8,000 nodes. */
const SESSION_BYTES = 5 * 2 ** 20;
const NODE_BYTES = 14 * 2 ** 10;

/** The memory of a session that is never started. */
export interface SessionMemory {
  /** Runs the graph with these extents, as far as memory goes. The arena keeps what it got: later runs only add. */
  run(extents: Extents): void;
  /** Resident bytes so far: weights, what a run's tensors have touched, and the session itself. */
  residentBytes(): number;
  /** What a run with these extents returns. */
  outputBytes(extents: Extents): number;
}

/** Simulates a session of ONNX Runtime on the CPU as `createSession` sets it up, node by node, buffer by buffer. */
export function simulateSession(graph: Graph, settings: { readonly prepack?: boolean } = {}): SessionMemory {
  const buffers = planBuffers(graph);
  const begun = Map.groupBy(buffers, ({ from }) => from);
  const ended = Map.groupBy(buffers, ({ until }) => until);
  const steps = Math.max(0, ...begun.keys(), ...[...ended.keys()].map(step => step ?? 0));
  const arena = createArena();
  const { mapped, copied } = weightMemory(graph, settings);
  const fixed = mapped + copied + SESSION_BYTES + NODE_BYTES * neededNodes(graph).length;

  return {
    run(extents) {
      const live = new Map<Buffer, Allocation>();
      for (let step = 0; step <= steps; step++) {
        for (const buffer of begun.get(step) ?? []) live.set(buffer, arena.allocate(bytesAt(buffer.type, extents)));
        for (const buffer of ended.get(step) ?? []) {
          arena.free(live.get(buffer)!);
          live.delete(buffer);
        }
      }
      for (const allocation of live.values()) arena.free(allocation);
    },
    residentBytes: () => fixed + arena.residentBytes(),
    outputBytes: extents => graph.outputs.reduce((sum, output) => sum + bytesAt(output, extents), 0),
  };
}

/** Reordered weights have their columns rounded up to whole blocks of this many; those of 8 bits their rows too. */
const PACKED_COLUMNS = 16;
const PACKED_INT8_ROWS = 4;

export interface WeightMemory {
  /** Pages of the checkpoint's files that stay mapped and were read. */
  readonly mapped: number;
  /** Copies: weights reordered for a product, one a product, and weights of half precision as float32. */
  readonly copied: number;
}

/**
 * What a graph's frozen weights occupy in a session. With prepacking products keep a reordered copy of a constant
 * matrix, one for all that read it transposed and one for all others, and a weight that only such products read is let
 * go; all others stay where they are in their file. A weight of half precision is cast once, when the session starts.
 */
export function weightMemory(graph: Graph, { prepack = true }: { readonly prepack?: boolean }): WeightMemory {
  const nodes = neededNodes(graph);
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) if (input) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  let mapped = 0;
  let copied = 0;
  for (const weight of graph.constants.filter(isExternal)) {
    // A cast weight is a new one, in memory; what it was cast from is not needed after that.
    const casts = (readers.get(weight) ?? []).filter(({ op }) => op === 'Cast').map(({ outputs }) => outputs[0]!);
    const own = (readers.get(weight) ?? []).filter(({ op }) => op !== 'Cast');
    for (const value of [...(own.length > 0 ? [weight] : []), ...casts]) {
      const users = value === weight ? own : (readers.get(value) ?? []);
      const packing = users.filter(node => prepack && isPacked(node, value));
      for (const node of copies(packing)) copied += packedBytes(node, value);
      if (packing.length === users.length) continue;
      if (value === weight) mapped += bytesAt(value);
      else copied += bytesAt(value);
    }
  }
  return { mapped, copied };
}

const isExternal = ({ constant }: Value): boolean => constant !== undefined && 'external' in constant;

const isPacked = (node: Node, weight: Value): boolean =>
  PRODUCTS.includes(node.op) && node.inputs[1] === weight && weight.shape.length === 2;

/** Of products whose reordered copies are equal, which ONNX Runtime keeps once, one each. */
const copies = (products: readonly Node[]): Iterable<Node> =>
  new Map(products.map(node => [`${node.op} ${node.attributes.transB ?? 0}`, node])).values();

function packedBytes({ op, attributes }: Node, { shape }: Value): number {
  const [inner, columns] = (attributes.transB === 1 ? shape.toReversed() : shape) as [number, number];
  const packedColumns = Math.ceil(columns / PACKED_COLUMNS) * PACKED_COLUMNS;
  // Beside 8-bit integers stands the sum of each column, an int32.
  if (op === 'DynamicQuantizeMatMul')
    return packedColumns * (Math.ceil(inner / PACKED_INT8_ROWS) * PACKED_INT8_ROWS + 4);
  return 4 * inner * packedColumns;
}
