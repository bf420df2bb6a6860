import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { Graph } from '../../../src/graph/graph.ts';
import * as op from '../../../src/graph/ops/ops.ts';
import { bytesAt } from '../../../src/graph/shape.ts';
import type { Value } from '../../../src/graph/types.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { simulateSession, weightMemory } from '../../../src/runtime/memory/session-memory.ts';
import { hasExactInt8Products } from '../../../src/runtime/probe-device.ts';
import { listManualModules } from '../../../src/structure/built-in-methods.ts';
import { listSpace } from '../../../src/structure/spaces.ts';
import { blocks } from './blocks.ts';
import { measuredPeak, plannedPeak } from './peaks.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const tiny = await loadModel(fixture('tiny-t5'), { threads: 1 });
const half = await loadModel(fixture('tiny-t5-float16'), { threads: 1 });
process.env.S3DELTA_CACHE = await mkdtemp(join(tmpdir(), 's3delta-memory-'));
after(() => rm(process.env.S3DELTA_CACHE!, { recursive: true }));
const hasInt8 = await hasExactInt8Products();
const int8 = await loadModel(fixture('tiny-t5'), { threads: 1, ...(hasInt8 && { precision: 'int8' }) });

describe('the simulated memory of a session', () => {
  for (const [name, model, modules] of [
    ['LoRA', tiny, listManualModules(tiny.sites, 'lora')],
    ['the mixed space', tiny, listSpace(tiny.sites, 'mixed')],
    ['adapters', tiny, listManualModules(tiny.sites, 'adapter')],
    ['weights of half precision', half, listSpace(half.sites, 'mixed')],
    ...(hasInt8 ? [['products of 8-bit integers', int8, listSpace(int8.sites, 'mixed')] as const] : []),
  ] as const) {
    it(`is what ONNX Runtime counts itself, training with ${name}`, async () => {
      const { training, extents } = model.graphs(modules);
      for (const size of [
        { rows: 3, source: 40, target: 3 },
        { rows: 8, source: 16, target: 9 },
      ]) {
        const [planned, measured] = [plannedPeak(training, extents(size)), await measuredPeak(training, extents(size))];
        assert.ok(Math.abs(planned / measured - 1) < 0.06, `${planned} planned, ${measured} measured`);
      }
    });
  }

  for (const [name, build] of Object.entries(blocks)) {
    it(`is what ONNX Runtime counts itself, training ${name}`, async () => {
      const graph = build();
      for (const extents of [
        { batch: 3, source: 40 },
        { batch: 8, source: 16 },
      ]) {
        const [planned, measured] = [plannedPeak(graph, extents), await measuredPeak(graph, extents)];
        assert.ok(Math.abs(planned / measured - 1) < 0.06, `${planned} planned, ${measured} measured`);
      }
    });
  }

  for (const [name, apply] of Object.entries<(x: Value) => Value>({
    tanh: op.tanh,
    relu: op.relu,
    sigmoid: op.sigmoid,
    silu: op.silu,
    gelu: op.gelu,
    'exact gelu': op.exactGelu,
    erf: op.erf,
    'layer norm': x => {
      const vector = x.graph.floats(new Float32Array(64).fill(1));
      return op.layerNorm(x, vector, vector, 1e-5);
    },
  })) {
    it(`has the output of ${name} where ONNX Runtime puts it`, async () => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', ['n', 64]);
      // The peak is one tensor of that size where the output is written over the input, and two where it is not.
      const product = (value: Value, columns: number) =>
        op.gemm(value, graph.floats(new Float32Array(64 * columns).fill(0.01), [64, columns]));
      graph.output('y', product(apply(product(x, 64)), 1));
      assert.equal(plannedPeak(graph, { n: 512 }), await measuredPeak(graph, { n: 512 }));
    });
  }

  it('does not shrink with more rows or longer texts', () => {
    const { training, extents } = tiny.graphs(listSpace(tiny.sites, 'lora'));
    const needed = (rows: number, source: number) => {
      const session = simulateSession(training);
      session.run(extents({ rows, source, target: 3 }));
      return session.residentBytes();
    };
    const [rows, source] = [fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 64 })];
    fc.assert(
      fc.property(rows, source, (n, length) => {
        // Whole doublings: between them a freed piece may fit better by chance.
        assert.ok(needed(2 * n, length) > needed(n, length));
        assert.ok(needed(n, 2 * length + 8) > needed(n, length));
      }),
      { numRuns: 10 },
    );
  });

  it('keeps what earlier runs have taken', () => {
    const { training, extents } = tiny.graphs(listSpace(tiny.sites, 'lora'));
    const session = simulateSession(training);
    session.run(extents({ rows: 8, source: 64, target: 3 }));
    const after = session.residentBytes();
    session.run(extents({ rows: 1, source: 8, target: 1 }));
    // Less than a page more: a small tensor may lie across the end of what was touched.
    assert.ok(session.residentBytes() >= after && session.residentBytes() < after + 4096);
  });
});

describe('the memory of frozen weights', () => {
  const external = (graph: Graph, name: string, shape: readonly number[], dtype: 'float32' | 'float16' = 'float32') =>
    graph.external(name, dtype, shape, { location: '/w', offset: 0, length: bytesAt({ dtype, shape }) });

  it('is one reordered copy for each way to read it, whose columns fill whole blocks', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n', 8]);
    const weight = external(graph, 'w', [20, 8]);
    const y = op.gemm(x, weight, { transB: true });
    graph.output('y', op.gemm(y, weight));
    // [8, 20] has 32 columns reordered, [20, 8] has 16; the file's own pages are let go.
    assert.deepEqual(weightMemory(graph, {}), { mapped: 0, copied: 4 * (8 * 32 + 20 * 16) });
    assert.deepEqual(weightMemory(graph, { prepack: false }), { mapped: 4 * 160, copied: 0 });
  });

  it('is one copy for products that read it alike, as where one is computed again', () => {
    const graph = new Graph();
    const [x, z] = ['x', 'z'].map(name => graph.input(name, 'float32', ['n', 8]));
    const weight = external(graph, 'w', [20, 8]);
    for (const [index, input] of [x!, z!].entries())
      graph.output(`y${index}`, op.gemm(input, weight, { transB: true }));
    assert.deepEqual(weightMemory(graph, {}), { mapped: 0, copied: 4 * 8 * 32 });
  });

  it('is a reordered copy too where it is of 8-bit integers, with the sums of its columns', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n', 10]);
    const values = graph.external('values', 'int8', [10, 20], { location: '/w', offset: 0, length: 200 });
    const scales = external(graph, 'scales', [20]);
    graph.output('y', op.quantizedProduct(x, { values, scales }));
    // 10 rows fill 12 and 20 columns 32.
    assert.deepEqual(weightMemory(graph, {}), { mapped: 4 * 20, copied: 32 * 12 + 4 * 32 });
    assert.deepEqual(weightMemory(graph, { prepack: false }), { mapped: 200 + 4 * 20, copied: 0 });
  });

  it('stays in the file where something else reads the weight', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n', 2, 8]);
    graph.output('y', op.relu(op.reshape(op.matmul(x, external(graph, 'w', [1, 8, 4])), ['n', 8])));
    assert.deepEqual(weightMemory(graph, {}), { mapped: 4 * 32, copied: 0 });
  });
});
