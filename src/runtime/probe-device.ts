import { availableParallelism } from 'node:os';
import { fillUniform } from '../core/random.ts';
import { Graph } from '../graph/graph.ts';
import { gemm, quantizedProduct } from '../graph/ops/ops.ts';
import type { DeviceName } from './device.ts';
import { createSession } from './session.ts';

/** A matrix product [rows, inner] × [inner, columns]. */
type Size = readonly [rows: number, inner: number, columns: number];

/**
 * As large as a feed-forward layer's; and a small one first, which shows a device that would take minutes for the
 * other.
 */
const [SMALL, LARGE]: readonly [Size, Size] = [
  [256, 256, 256],
  [2048, 1024, 4096],
];
/** Of one large product: four of them must not take too long. */
const MOST_SECONDS = 10;
const REPETITIONS = 3;

const flopsOf = ([rows, inner, columns]: Size): number => 2 * rows * inner * columns;

/**
 * Multiplies two matrices on a device and returns its rate, in floating-point operations a second: the best of three,
 * after one to warm up.
 * @throws Error where ONNX Runtime cannot start the device, or computes something else on it
 */
export async function probeDevice(device: DeviceName, threads = availableParallelism()): Promise<number> {
  const rate = await measure(device, threads, SMALL);
  return flopsOf(LARGE) / rate > MOST_SECONDS ? rate : measure(device, threads, LARGE);
}

async function measure(device: DeviceName, threads: number, size: Size): Promise<number> {
  const [rows, inner, columns] = size;
  const graph = new Graph();
  const x = graph.input('x', 'float32', [rows, inner]);
  const weights = fillUniform(new Float32Array(inner * columns), 0, 'probe/weights');
  const product = gemm(x, graph.floats(weights, [inner, columns]));
  // The rows' sums are read back: reading the product would take as long as making it.
  graph.output('sums', gemm(product, graph.floats(new Float32Array(columns).fill(1), [columns, 1])));
  const session = await createSession(graph, { device, threads });
  try {
    const data = fillUniform(new Float32Array(rows * inner), 0, 'probe/x');
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= REPETITIONS; run++) {
      const started = performance.now();
      const { sums } = await session.run({ x: { type: 'float32', data, dims: [rows, inner] } });
      if (run > 0) best = Math.min(best, (performance.now() - started) / 1000);
      checkSum((sums!.data as Float32Array)[0]!, data, weights, size);
    }
    return flopsOf(size) / best;
  } finally {
    await session.release();
  }
}

/** The first row's sum, against the same in float64. */
function checkSum(found: number, x: Float32Array, weights: Float32Array, [, inner, columns]: Size): void {
  let expected = 0;
  for (let i = 0; i < inner; i++) {
    let row = 0;
    for (let column = 0; column < columns; column++) row += weights[i * columns + column]!;
    expected += x[i]! * row;
  }
  if (!(Math.abs(found - expected) <= 1e-3 * Math.abs(expected)))
    throw new Error(`the product came out as ${found}, not ${expected}`);
}

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
