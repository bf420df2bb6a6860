import { Graph } from '../graph/graph.ts';
import { quantizedProduct } from '../graph/ops/ops.ts';
import { createSession } from './session.ts';

/** Several rows, as one row has a kernel of its own. */
const [ROWS, INNER, COLUMNS] = [16, 64, 16] as const;

/**
 * Whether products of 8-bit integers are exact here. Processors without instructions made for them (VNNI, dot products)
 * add pairs of products up in 16 bits, where large ones are cut off.
 */
export async function hasExactInt8Products(): Promise<boolean> {
  const graph = new Graph();
  const values = graph.int8s(new Array(INNER * COLUMNS).fill(127), [INNER, COLUMNS]);
  const scales = graph.floats(new Float32Array(COLUMNS).fill(1));
  graph.output('y', quantizedProduct(graph.input('x', 'float32', [ROWS, INNER]), { values, scales }));
  const session = await createSession(graph, { threads: 1 });
  try {
    const data = new Float32Array(ROWS * INNER).fill(1);
    const { y } = await session.run({ x: { type: 'float32', data, dims: [ROWS, INNER] } });
    return (y!.data as Float32Array).every(value => Math.abs(value - 127 * INNER) < 1);
  } finally {
    await session.release();
  }
}
