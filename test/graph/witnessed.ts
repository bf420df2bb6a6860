import assert from 'node:assert/strict';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, mul, reduceSum } from '../../src/graph/ops/ops.ts';
import type { Value } from '../../src/graph/types.ts';
import { createSession, type Feeds } from '../../src/runtime/session.ts';
import { distance, fixturePath, length } from '../witness/fixtures.ts';

const { tensors } = await readSafetensors(fixturePath('operations.safetensors'));

/** A tensor of the fixture that `tools/fixtures/operations.py` writes. */
export function witnessed(key: string): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const found = tensors.get(key);
  if (!found) throw new Error(`the fixture has no "${key}"`);
  return { shape: found.shape, data: Float32Array.from(found.data) };
}

const sumOf = (value: Value): Value => reduceSum(value, [...value.shape.keys()], false);

/**
 * Compares a case in ONNX Runtime with PyTorch: the output, its gradients by the inputs and their own.
 * `tolerance` is of ‖error‖ over ‖expected‖.
 */
export async function assertWitnessed(
  name: string,
  build: (inputs: readonly Value[], graph: Graph) => Value,
  tolerance = 2e-6,
): Promise<void> {
  const keys = (part: string) => [...tensors.keys()].filter(key => key.startsWith(`${name}/${part}`)).sort();
  const graph = new Graph();
  const constant = (key: string) => graph.floats(witnessed(key).data, witnessed(key).shape);
  const inputs = keys('x').map(key => graph.input(key, 'float32', witnessed(key).shape));
  const output = build(inputs, graph);
  const firsts = gradients(sumOf(mul(constant(`${name}/weights`), mul(output, output))), inputs);
  const slope = keys('direction')
    .map((key, i) => sumOf(mul(firsts[i]!, constant(key))))
    .reduce((a, b) => add(a, b));
  graph.output(`${name}/output`, output);
  for (const [i, each] of firsts.entries()) graph.output(`${name}/first${i}`, each);
  for (const [i, each] of gradients(slope, inputs).entries()) graph.output(`${name}/second${i}`, each);

  const feeds: Feeds = Object.fromEntries(
    inputs.map(input => [
      input.name,
      { type: 'float32', data: witnessed(input.name).data, dims: input.shape as number[] },
    ]),
  );
  const session = await createSession(graph, { threads: 1 });
  const results = await session.run(feeds);
  await session.release();
  for (const { name: key } of graph.outputs) {
    const expected = witnessed(key);
    assert.deepEqual([...results[key]!.dims], expected.shape, `${key}: shape`);
    const error = distance(results[key]!.data as Float32Array, expected.data) / length(expected.data);
    assert.ok(error < tolerance, `${key} differs by ${error}`);
  }
}
