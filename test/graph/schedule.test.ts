import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { toOnnx } from '../../src/graph/onnx.ts';
import { add, concat, gemm, mul, neg, reduceSum, relu, split, tanh } from '../../src/graph/ops/ops.ts';
import { neededNodes, scheduled } from '../../src/graph/schedule.ts';
import type { Node, Value } from '../../src/graph/types.ts';

const LAYERS = 6;

/** A chain of layers, each with a parameter cut from one flat vector: the gradient of the flat vector is their concatenation. */
function chain(): Graph {
  const graph = new Graph();
  let states: Value = graph.input('x', 'float32', [8, 4]);
  const delta = graph.input('delta', 'float32', [LAYERS, 4]);
  for (const row of split(delta, Array(LAYERS).fill(1))) states = relu(mul(states, row));
  const loss = reduceSum(states, [0, 1], false);
  graph.output('gradient', gradients(loss, [delta])[0]!);
  return graph;
}

/** Runs the graph once in ONNX Runtime and returns the names of the nodes it ran, in their order. */
async function executionOrder(graph: Graph, feeds: Record<string, Tensor>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 's3delta-order-'));
  const session = await InferenceSession.create(toOnnx(graph), {
    graphOptimizationLevel: 'disabled',
    enableProfiling: true,
    profileFilePrefix: join(folder, 'profile'),
  });
  await session.run(feeds);
  session.endProfiling();
  await session.release();
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file!), 'utf8')) as { cat: string; name: string; ts: number }[];
  await rm(folder, { recursive: true });
  const kernels = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  return kernels.sort((a, b) => a.ts - b.ts).map(({ name }) => name.replace('_kernel_time', ''));
}

/** Any graph of additions, from choices of earlier values. */
const randomGraph = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 30 }).map(choices => {
  const graph = new Graph();
  const values: Value[] = [graph.input('x', 'float32', [2])];
  for (const [a, b] of choices) values.push(add(values[a % values.length]!, neg(values[b % values.length]!)));
  graph.output('last', values.at(-1)!);
  graph.output('all', concat(values));
  return graph;
});

function isTopological(order: readonly Node[]): boolean {
  const position = new Map(order.map((node, index) => [node, index]));
  return order.every((node, index) =>
    node.inputs.every(input => input?.node === undefined || position.get(input.node)! < index),
  );
}

describe('the schedule', () => {
  it('is an order of the same nodes in which every node follows what it needs', () => {
    fc.assert(
      fc.property(randomGraph, graph => {
        const nodes = neededNodes(graph);
        const order = scheduled(nodes);
        assert.deepEqual(new Set(order), new Set(nodes));
        assert.equal(order.length, nodes.length);
        assert.ok(isTopological(order));
      }),
    );
  });

  it('makes ONNX Runtime compute each part of the flat gradient before the backward pass goes on', async () => {
    const graph = chain();
    const order = await executionOrder(graph, {
      x: new Tensor('float32', new Float32Array(32).fill(1), [8, 4]),
      delta: new Tensor('float32', new Float32Array(4 * LAYERS).fill(1), [LAYERS, 4]),
    });
    // A parameter's gradient [1, 4] is a product with a row of ones; a hidden gradient [8, 4] is passed on by a product with the mask.
    const shapes = new Map(graph.nodes.map(({ outputs: [output] }) => [output!.name, `${output!.shape}`]));
    const operations = new Map(graph.nodes.map(({ op, outputs: [output] }) => [output!.name, op]));
    const backward = order.slice(order.findIndex(name => operations.get(name) === 'Ceil'));
    const parameters = backward.flatMap((name, at) => (shapes.get(name) === '1,4' ? [at] : []));
    const masks = backward.flatMap((name, at) => (operations.get(name) === 'Ceil' ? [at] : []));
    assert.equal(parameters.length, LAYERS);
    assert.equal(masks.length, LAYERS);
    // Layer by layer: mask, then the parameter's gradient, then the next mask.
    for (let layer = 1; layer < LAYERS; layer++) assert.ok(parameters[layer - 1]! < masks[layer]!, `layer ${layer}`);
  });

  it('leaves out what no output needs', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 2]);
    tanh(x);
    const needed = gemm(x, x);
    graph.output('y', needed);
    assert.deepEqual(
      neededNodes(graph).map(({ op }) => op),
      ['Gemm', 'Identity'],
    );
  });
});
