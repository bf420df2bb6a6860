import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fillNormal } from '../../src/core/random.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { mul, quantizedProduct, reduceSum } from '../../src/graph/ops/ops.ts';
import type { QuantizedMatrix } from '../../src/graph/types.ts';
import { createSession } from '../../src/runtime/session.ts';
import { evaluate, tensor } from './reference.ts';

const [ROWS, INNER, COLUMNS] = [5, 24, 18];
const draw = (length: number, stream: string) => fillNormal(new Float32Array(length), 0, stream);
const integers = (stream: string) => Array.from(draw(INNER * COLUMNS, stream), value => Math.round(40 * value) % 128);
const steps = (length: number) => Float32Array.from({ length }, (_, i) => 0.01 * (1 + (i % 7)));

/** A matrix [INNER, COLUMNS] and what stands for its transpose; here another matrix, so that the two can be told apart. */
function pair(graph: Graph): { matrix: QuantizedMatrix; transpose: QuantizedMatrix } {
  const matrix = { values: graph.int8s(integers('w'), [INNER, COLUMNS]), scales: graph.floats(steps(COLUMNS)) };
  const transpose = { values: graph.int8s(integers('t'), [COLUMNS, INNER]), scales: graph.floats(steps(INNER)) };
  graph.transposes.pair(matrix, transpose);
  return { matrix, transpose };
}

describe('the product of rounded numbers', () => {
  const feed = (name: string, columns: number) => {
    const data = draw(ROWS * columns, name);
    return {
      runtime: { type: 'float32', data, dims: [ROWS, columns] } as const,
      reference: tensor([ROWS, columns], data),
    };
  };

  it('runs in ONNX Runtime as in the reference, and so do its first and second derivatives', async () => {
    const graph = new Graph();
    const [x, c] = [graph.input('x', 'float32', ['n', INNER]), graph.input('c', 'float32', ['n', COLUMNS])];
    const { matrix, transpose } = pair(graph);
    const y = quantizedProduct(x, matrix);
    const first = gradients(reduceSum(mul(y, c), [0, 1], false), [x])[0]!;
    const second = gradients(reduceSum(mul(first, x), [0, 1], false), [c])[0]!;
    const ofTranspose = quantizedProduct(c, transpose);
    const outputs = { y, first, second };
    for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
    const feeds = { x: feed('x', INNER), c: feed('c', COLUMNS) };
    const expected = evaluate(graph, { x: feeds.x.reference, c: feeds.c.reference });
    // By x: the transpose's product with what comes from above. By c, once more: the matrix's own, with x from above.
    assert.deepEqual(expected.get(first), expected.get(ofTranspose));
    assert.deepEqual(expected.get(second), expected.get(y));
    const session = await createSession(graph, { threads: 1 });
    const found = await session.run({ x: feeds.x.runtime, c: feeds.c.runtime });
    await session.release();
    for (const [name, value] of Object.entries(outputs)) {
      const { shape, data } = expected.get(value)!;
      assert.deepEqual([...found[name]!.dims], shape);
      const largest = Math.max(...data.map(Math.abs));
      for (const [i, number] of (found[name]!.data as Float32Array).entries())
        assert.ok(Math.abs(number - data[i]!) < 1e-5 * largest, `${name}[${i}]: ${number} against ${data[i]}`);
    }
  });

  it('is off by no more than half a step of x in each term', () => {
    const numbers = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: INNER, maxLength: INNER });
    fc.assert(
      fc.property(numbers, row => {
        const graph = new Graph();
        const { matrix } = pair(graph);
        const y = quantizedProduct(graph.input('x', 'float32', [1, INNER]), matrix);
        const { data } = evaluate(graph, { x: tensor([1, INNER], row) }).get(y)!;
        const step = (Math.max(0, ...row) - Math.min(0, ...row)) / 255;
        const [w, scales] = [integers('w'), steps(COLUMNS)];
        for (const [column, found] of data.entries()) {
          const weights = row.map((_, k) => w[k * COLUMNS + column]! * scales[column]!);
          const exact = row.reduce((sum, value, k) => sum + value * weights[k]!, 0);
          // The zero point is rounded too, which moves the end of the range by half a step.
          const bound = weights.reduce((sum, weight) => sum + Math.abs(weight), 0) * step;
          assert.ok(Math.abs(found - exact) <= bound + 1e-6, `${found} against ${exact} within ${bound}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('refuses shapes that do not fit, and a backward pass without the transpose', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n', INNER]);
    const { matrix } = pair(graph);
    const scales = graph.floats(steps(COLUMNS + 1));
    assert.throws(() => quantizedProduct(x, { ...matrix, scales }), /needs \[n, k\], \[k, m\] and \[m\]/);
    const alone = { values: graph.int8s(integers('alone'), [INNER, COLUMNS]), scales: matrix.scales };
    const loss = reduceSum(quantizedProduct(x, alone), [0, 1], false);
    assert.throws(() => gradients(loss, [x]), /DynamicQuantizeMatMul: the transpose of constant_\d+ was not given/);
  });
});
