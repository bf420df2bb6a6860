import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../../../src/graph/graph.ts';
import { toOnnx } from '../../../src/graph/onnx.ts';
import { bytesAt, type Extents } from '../../../src/graph/shape.ts';
import { planBuffers } from '../../../src/runtime/memory/buffers.ts';
import { commonFolder } from '../../../src/runtime/session.ts';

/** Bytes that ONNX Runtime's arena counts as requested and in use, at most, in a run; its profile says so. */
export async function measuredPeak(graph: Graph, extents: Extents): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 's3delta-profile-'));
  try {
    const external = graph.constants.flatMap(({ constant }) =>
      constant && 'external' in constant ? [constant.external.location] : [],
    );
    const folder = commonFolder(external);
    const session = await InferenceSession.create(toOnnx(graph, folder), {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      enableMemPattern: false,
      enableProfiling: true,
      profileFilePrefix: join(scratch, 'run'),
      logSeverityLevel: 3,
      extra: {
        optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' },
        session: { model_external_initializers_file_folder_path: folder, disable_prepacking: '1' },
      },
    });
    const feeds = graph.inputs.map(input => {
      const dims = input.shape.map(dim => bytesAt({ dtype: 'bool', shape: [dim] }, extents));
      const data = input.dtype === 'int32' ? Int32Array : Float32Array;
      const count = dims.reduce((product, dim) => product * dim, 1);
      return [input.name, new Tensor(input.dtype as 'int32', new data(count) as Int32Array, dims)] as const;
    });
    await session.run(Object.fromEntries(feeds));
    session.endProfiling();
    const [file] = await readdir(scratch);
    const events = JSON.parse(await readFile(join(scratch, file!), 'utf8')) as {
      name: string;
      args: { mem_bytes_requested_in_use?: string; mem_requested_in_use_delta?: string };
    }[];
    const kernels = events.filter(({ name }) => name.endsWith('_kernel_time'));
    const inUse = kernels.map(({ args }) => Number(args.mem_bytes_requested_in_use));
    // What was in use before the first kernel are constants.
    const before = inUse[0]! - Number(kernels[0]!.args.mem_requested_in_use_delta);
    return Math.max(...inUse) - before;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** The same as planned, by the buffers alone. */
export function plannedPeak(graph: Graph, extents: Extents): number {
  const buffers = planBuffers(graph);
  const rounded = (bytes: number) => Math.ceil(bytes / 256) * 256;
  const last = Math.max(...buffers.map(({ from, until }) => Math.max(from, until ?? 0)));
  const peaks = Array.from({ length: last + 1 }, (_, step) =>
    buffers
      .filter(({ from, until }) => from <= step && step <= (until ?? last))
      .reduce((sum, { type }) => sum + rounded(bytesAt(type, extents)), 0),
  );
  return Math.max(...peaks);
}
