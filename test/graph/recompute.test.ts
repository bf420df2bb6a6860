import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, gemm, layerNorm, mul, reduceSum, rmsNorm, sub, tanh } from '../../src/graph/ops/ops.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import type { Node, Value } from '../../src/graph/types.ts';
import { createSession } from '../../src/runtime/session.ts';

type Mark = (values: { normalized: Value; output: Value; result: Value; residual: Value }) => void;

/** Σ tanh(residual + norm(residual) Wᵀ)², and its gradient by W and by the norm's scale. */
function build(mark: Mark): Graph {
  const graph = new Graph();
  const residual = graph.input('x', 'float32', ['n', 3]);
  const scale = graph.input('scale', 'float32', [3]);
  const weight = graph.input('w', 'float32', [3, 3]);
  const normalized = rmsNorm(residual, scale, 1e-6);
  const output = gemm(normalized, weight, { transB: true });
  const result = add(residual, output);
  mark({ normalized, output, result, residual });
  // The square reads `output`, so that its gradient needs it.
  const loss = reduceSum(add(mul(output, output), tanh(result)), [0, 1], false);
  const [byScale, byWeight] = gradients(loss, [scale, weight]);
  graph.output('byScale', byScale!);
  graph.output('byWeight', byWeight!);
  return graph;
}

const feeds = {
  x: { type: 'float32', data: Float32Array.of(1, -2, 0.5, 3, 0.25, -1), dims: [2, 3] },
  scale: { type: 'float32', data: Float32Array.of(1, 0.5, 2), dims: [3] },
  w: { type: 'float32', data: Float32Array.of(0.1, 0.2, -0.3, 0.4, -0.5, 0.6, 0.7, -0.8, 0.9), dims: [3, 3] },
} as const;

async function run(graph: Graph): Promise<number[]> {
  const session = await createSession(graph, { threads: 1 });
  const { byScale, byWeight } = await session.run(feeds);
  await session.release();
  return [...(byScale!.data as Float32Array), ...(byWeight!.data as Float32Array)];
}

const usersOf = (graph: Graph, value: Value) => neededNodes(graph).filter(({ inputs }) => inputs.includes(value));

describe('recomputation', () => {
  it('runs a marked node a second time for the backward pass, which then does not hold the first', async () => {
    let marked!: Value;
    const graph = build(({ normalized }) => {
      marked = normalized;
      normalized.graph.recomputation.mark(normalized);
    });
    assert.equal(neededNodes(graph).filter(({ op }) => op === 'SimplifiedLayerNormalization').length, 2);
    assert.equal(usersOf(graph, marked).length, 1, 'only the forward product reads the marked value');
    const [expected, actual] = [await run(build(() => {})), await run(graph)];
    assert.deepEqual(actual, expected);
  });

  it('runs a marked layer norm a second time; its mean and deviation, a number a row, are held', async () => {
    const build = (isMarked: boolean): Graph => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', ['n', 3]);
      const scale = graph.input('scale', 'float32', [3]);
      const weight = graph.input('w', 'float32', [3, 3]);
      const normalized = layerNorm(x, scale, graph.floats([0.5, -0.5, 1]), 1e-5);
      if (isMarked) graph.recomputation.mark(normalized);
      const loss = reduceSum(tanh(gemm(normalized, weight)), [0, 1], false);
      const [byScale, byWeight] = gradients(loss, [scale, weight]);
      graph.output('byScale', byScale!);
      graph.output('byWeight', byWeight!);
      return graph;
    };
    const graph = build(true);
    const [first, second] = neededNodes(graph).filter(({ op }) => op === 'LayerNormalization');
    const readers = (node?: Node) => node!.outputs.map(output => usersOf(graph, output).length > 0);
    assert.deepEqual(
      [readers(first), readers(second)],
      [
        [true, true, true],
        [true, false, false],
      ],
    );
    assert.equal(usersOf(graph, first!.outputs[0]!).length, 1, 'only the forward product reads the marked value');
    assert.deepEqual(await run(graph), await run(build(false)));
  });

  it('computes a value by a recipe from others that are held', async () => {
    let marked!: Value;
    const graph = build(({ output, result, residual }) => {
      marked = output;
      output.graph.recomputation.mark(output, () => sub(result, residual));
    });
    assert.deepEqual(
      usersOf(graph, marked).map(({ op }) => op),
      ['Add'],
      'only the forward sum reads the marked value',
    );
    const [expected, actual] = [await run(build(() => {})), await run(graph)];
    for (const [i, value] of actual.entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-5, `element ${i}`);
  });

  it('computes marked inputs of marked nodes again too, each once', () => {
    const graph = build(({ normalized, output }) => {
      for (const value of [normalized, output]) value.graph.recomputation.mark(value);
    });
    const operations = neededNodes(graph).map(({ op }) => op);
    assert.equal(operations.filter(op => op === 'SimplifiedLayerNormalization').length, 2);
  });

  it('says that an input cannot be computed again', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    graph.recomputation.mark(x);
    assert.throws(() => graph.recomputation.of(x), /x is no node's output/);
  });
});
