import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Graph } from '../graph/graph.ts';
import { toOnnx } from '../graph/onnx.ts';
import { gemm } from '../graph/ops/index.ts';
import { fillUniform } from '../training/random.ts';

export const deviceNames = ['cpu', 'webgpu', 'cuda'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** A matrix product as large as a feed-forward layer's, [rows, inner] × [inner, columns]. */
const [ROWS, INNER, COLUMNS] = [2048, 1024, 4096] as const;
const REPETITIONS = 3;

/**
 * Multiplies two matrices on a device and returns its rate, in floating-point operations a second: the best of three,
 * after one to warm up.
 * @throws Error where ONNX Runtime cannot start the device, or computes something else on it
 */
export async function probeDevice(device: DeviceName, threads = availableParallelism()): Promise<number> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [ROWS, INNER]);
  const weights = fillUniform(new Float32Array(INNER * COLUMNS), 0, 'probe/weights');
  const product = gemm(x, graph.floats(weights, [INNER, COLUMNS]));
  // The rows' sums are read back: reading the product would take as long as making it.
  graph.output('sums', gemm(product, graph.floats(new Float32Array(COLUMNS).fill(1), [COLUMNS, 1])));
  const session = await InferenceSession.create(toOnnx(graph), {
    executionProviders: [device],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
  });
  try {
    const data = fillUniform(new Float32Array(ROWS * INNER), 0, 'probe/x');
    const feeds = { x: new Tensor('float32', data, [ROWS, INNER]) };
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= REPETITIONS; run++) {
      const started = performance.now();
      const { sums } = await session.run(feeds);
      if (run > 0) best = Math.min(best, (performance.now() - started) / 1000);
      checkSum((sums!.data as Float32Array)[0]!, data, weights);
    }
    return (2 * ROWS * INNER * COLUMNS) / best;
  } finally {
    await session.release();
  }
}

/** The first row's sum, against the same in float64. */
function checkSum(found: number, x: Float32Array, weights: Float32Array): void {
  let expected = 0;
  for (let i = 0; i < INNER; i++) {
    let row = 0;
    for (let column = 0; column < COLUMNS; column++) row += weights[i * COLUMNS + column]!;
    expected += x[i]! * row;
  }
  if (Math.abs(found - expected) > 1e-3 * Math.abs(expected))
    throw new Error(`the product came out as ${found}, not ${expected}`);
}
