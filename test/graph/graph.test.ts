import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { ProtobufWriter } from '../../src/graph/onnx.ts';
import {
  add,
  concat,
  gather,
  gemm,
  layerNorm,
  matmul,
  reduceSum,
  reshape,
  rmsNorm,
  split,
  transpose,
} from '../../src/graph/ops/ops.ts';
import { broadcastAxes, broadcastShapes, productOf } from '../../src/graph/shape.ts';
import { commonFolder } from '../../src/runtime/session.ts';
import { evaluate, tensor } from './reference.ts';

describe('the graph', () => {
  it('gives the same value for the same node', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 2]);
    assert.equal(gemm(x, x), gemm(x, x));
    assert.notEqual(gemm(x, x), gemm(x, x, { transB: true }));
    assert.equal(graph.floats([1, 2]), graph.floats([1, 2]));
  });

  it('refuses two values of one name and values of another graph', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    assert.throws(() => graph.input('x', 'float32', [2]), /two values are named x/);
    assert.throws(() => add(new Graph().input('y', 'float32', [2]), x), /belongs to another graph/);
  });

  it('names the operation that does not fit its inputs', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', 'float32', ['n', 3]), graph.input('b', 'float32', [4, 2])];
    const attempts: [RegExp, () => unknown][] = [
      [/Add: shapes \[n,3\] and \[4,2\] do not broadcast/, () => add(a, b)],
      [/Gemm: inner extents differ/, () => gemm(a, b)],
      [/FusedMatMul: inner extents differ/, () => matmul(a, b)],
      [/Gemm: needs matrices/, () => gemm(reshape(b, [8]), a)],
      [/Reshape: \[4,2\] has other elements than \[3\]/, () => reshape(b, [3])],
      [/Transpose: \[0\] does not permute/, () => transpose(a, [0])],
      [/Split: \[4,2\] is not 5 long on axis 0/, () => split(b, [2, 3])],
      [/Concat: \[n,3\] and \[4,2\] differ/, () => concat([a, b], 1)],
      [/ReduceSum: axis 2 is outside rank 2/, () => reduceSum(a, [2])],
      [/Gather: indices must be a list/, () => gather(a, b)],
      [/SimplifiedLayerNormalization: needs \[n, d\] and \[d\]/, () => rmsNorm(a, reshape(b, [8]), 1e-6)],
      [
        /LayerNormalization: needs .* got \[n,3\] and \[3\] and \[8\]/,
        () => layerNorm(a, graph.floats([1, 2, 3]), reshape(b, [8]), 1e-5),
      ],
      [/QuickGelu: only alpha = 1/, () => graph.apply('QuickGelu', [a], { alpha: { float: 1.702 } })],
      [/constant: 8 bytes where \[3\] needs 12/, () => graph.floats([1, 2], [3])],
      [
        /w: 3 bytes where \[2\] needs 8/,
        () => graph.external('w', 'float32', [2], { location: 'f', offset: 0, length: 3 }),
      ],
      [/no input has an extent named other/, () => graph.extent('other')],
      [/gradients: the loss must be a scalar/, () => gradients(a, [a])],
    ];
    for (const [message, attempt] of attempts) assert.throws(attempt, message);
  });
});

describe('gradients', () => {
  it('is zero for a value the loss does not depend on', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', 'float32', [2]), graph.input('y', 'float32', [3])];
    const [gradient] = gradients(reduceSum(x, [0], false), [y]);
    const values = evaluate(graph, { x: tensor([2], [1, 2]), y: tensor([3], [1, 2, 3]) });
    assert.deepEqual([...values.get(gradient!)!.data], [0, 0, 0]);
  });

  it('ends at an operation through which nothing differentiable goes', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const step = graph.apply('Ceil', [x])[0]!;
    const [byStep, byInput] = gradients(reduceSum(step, [0], false), [step, x]);
    const values = evaluate(graph, { x: tensor([2], [0.5, 1.5]) });
    assert.deepEqual([...values.get(byStep!)!.data], [1, 1]);
    assert.deepEqual([...values.get(byInput!)!.data], [0, 0]);
  });

  it('sums over all uses of a value, matrix products taking the sum along in their C', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    const w = graph.floats([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    const y = add(add(gemm(x, w), gemm(x, w, { transB: true })), x);
    const [gradient] = gradients(reduceSum(y, [0, 1], false), [x]);
    const before = graph.nodes.length;
    assert.equal(gradient!.node!.op, 'Gemm');
    assert.ok(gradient!.node!.inputs[2], 'the last product takes the others along');
    const values = evaluate(graph, { x: tensor([2, 3], [1, 2, 3, 4, 5, 6]) });
    assert.deepEqual([...values.get(gradient!)!.data], [19, 31, 43, 19, 31, 43]);
    assert.equal(graph.nodes.length, before);
  });
});

describe('shapes', () => {
  it('multiplies extents to one canonical product', () => {
    assert.equal(productOf([2, 'source', 3, 'batch']), '6*batch*source');
    assert.equal(productOf(['batch', 'source']), productOf(['source', 'batch']));
    assert.equal(productOf(['2*batch', 4]), '8*batch');
    assert.equal(productOf([]), 1);
  });

  it('broadcasts as NumPy does, and knows which axes were stretched', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        shape,
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (full, ones, drop) => {
          const part = full.map((extent, axis) => (ones[axis] ? 1 : extent)).slice(Math.min(drop, full.length));
          assert.deepEqual(broadcastShapes('Add', full, part), full);
          const stretched = broadcastAxes(full, part);
          const missing = full.length - part.length;
          for (const [axis, extent] of full.entries()) {
            assert.equal(stretched.includes(axis), axis < missing || (part[axis - missing] === 1 && extent !== 1));
          }
        },
      ),
    );
  });
});

describe('the protobuf writer', () => {
  it('writes varints as the wire format has them', () => {
    const bytes = (value: number | bigint) => [...new ProtobufWriter().varint(1, value).finish()];
    assert.deepEqual(bytes(0), [0x08, 0]);
    assert.deepEqual(bytes(127), [0x08, 127]);
    assert.deepEqual(bytes(300), [0x08, 0xac, 0x02]);
    assert.deepEqual(bytes(2 ** 40), [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    assert.deepEqual(bytes(-1), [0x08, ...Array(9).fill(0xff), 0x01]);
  });

  it('nests messages by length, and writes floats and strings', () => {
    const written = new ProtobufWriter().message(2, inner => inner.string(1, 'é').float(2, 1)).finish();
    assert.deepEqual([...written], [0x12, 9, 0x0a, 2, 0xc3, 0xa9, 0x15, 0, 0, 0x80, 0x3f]);
  });
});

describe('the folder external data is told about', () => {
  it('is the deepest one that holds all files', () => {
    assert.equal(commonFolder(['/a/b/x', '/a/b/y']), '/a/b');
    assert.equal(commonFolder(['/a/bc/x', '/a/b/y']), '/a');
    assert.equal(commonFolder(['/a/x', '/b/y']), '/');
    assert.equal(commonFolder([]), '.');
    assert.throws(() => commonFolder(['/a/x', 'b/y']), InputError);
  });
});
