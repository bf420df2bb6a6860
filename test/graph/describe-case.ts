import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neededNodes } from '../../src/graph/schedule.ts';
import type { Value } from '../../src/graph/types.ts';
import { createSession } from '../../src/runtime/session.ts';
import { type Built, buildCase, feedsOf, toRuntime } from './built-case.ts';
import type { OpCase } from './cases.ts';
import { evaluate, type Tensor, tensor } from './reference.ts';

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(Number(actual[i]) - expected[i]!);
    assert.ok(error <= tolerance * scale, `${what}[${i}]: ${actual[i]} against ${expected[i]}`);
  }
}

/** Central differences of the named output with respect to one input, in the float64 reference. */
function centralDifferences(built: Built, output: Value, name: string, feeds: Record<string, Tensor>): Float64Array {
  const step = 1e-5;
  const { shape, data } = feeds[name]!;
  return data.map((_, index) => {
    const at = (offset: number): number => {
      const moved = { ...feeds, [name]: tensor(shape, data.with(index, data[index]! + offset)) };
      return evaluate(built.graph, moved).get(output)!.data[0]!;
    };
    return (at(step) - at(-step)) / (2 * step);
  });
}

/** A case against the float64 reference: its derivatives against central differences, and what ONNX Runtime gives. */
export function describeCase(test: OpCase): void {
  describe(test.name, () => {
    const built = buildCase(test);
    const feeds = feedsOf(test);
    const reference = evaluate(built.graph, feeds);

    it('brings in the operations it is meant to cover', () => {
      const present = new Set(neededNodes(built.graph).map(node => node.op));
      for (const name of test.covers) assert.ok(present.has(name), `${name} is not in the graph`);
    });

    it('has the gradients of central differences, and they have theirs', () => {
      const slope = built.graph.outputs.find(({ name }) => name === 'slope')!;
      for (const [i, input] of built.inputs.entries()) {
        const first = centralDifferences(built, built.loss, input.name, feeds);
        assertClose(reference.get(built.first[i]!)!.data, first, 1e-7, `∂/∂${input.name}`);
        const second = centralDifferences(built, slope, input.name, feeds);
        assertClose(reference.get(built.second[i]!)!.data, second, 1e-6, `∂²/∂${input.name}`);
      }
    });

    it('runs in ONNX Runtime as in the reference', async () => {
      const session = await createSession(built.graph, { threads: 1 });
      const outputs = await session.run(toRuntime(built.graph, feeds));
      for (const output of built.graph.outputs) {
        const { shape, data } = reference.get(output)!;
        assert.deepEqual([...outputs[output.name]!.dims], shape, `${output.name}: shape`);
        assertClose(outputs[output.name]!.data as Float32Array, data, 1e-5, output.name);
      }
      await session.release();
    });
  });
}
