import type { Graph } from '../../graph/graph.ts';
import { neededNodes } from '../../graph/schedule.ts';
import { bytesAt, type Extents } from '../../graph/shape.ts';
import { type Allocation, createArena } from './arena.ts';
import { type Buffer, planBuffers } from './buffers.ts';
import { weightMemory } from './weight-copies.ts';

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
