import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { type AttributeProto, ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf';
import { gradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { OPSET, toOnnx } from '../../src/graph/onnx.ts';
import { add, gemm, matmul, mul, reduceSum, reshape, rmsNorm, split } from '../../src/graph/ops/ops.ts';
import { neededNodes, scheduled } from '../../src/graph/schedule.ts';
import { createSession } from '../../src/runtime/session.ts';

const EXTERNAL_FILE = '/models/tiny/shards/b.safetensors';

function sample(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch', 'source', 4]);
  const delta = graph.input('delta', 'float32', [10]);
  const [scale, low] = split(delta, [4, 6]);
  const flat = rmsNorm(reshape(x, ['batch*source', 4]), scale!, 1e-6);
  const weight = graph.external('w', 'float32', [5, 4], { location: EXTERNAL_FILE, offset: 24, length: 80 });
  const product = gemm(flat, weight, { transB: true, alpha: 0.25 });
  const batched = matmul(reshape(product, ['batch', 'source', 5]), reshape(product, ['batch', 'source', 5]), {
    transB: true,
  });
  const loss = add(reduceSum(mul(batched, batched), [0, 1, 2], false), reduceSum(mul(low!, low!), [0], false));
  graph.output('loss', loss);
  graph.output('gradient', gradients(loss, [delta])[0]!);
  return graph;
}

const attributeValue = (attribute: AttributeProto): unknown => {
  if (attribute.type === 1) return { float: attribute.f };
  if (attribute.type === 2) return Number(attribute.i);
  if (attribute.type === 3) return Buffer.from(attribute.s).toString();
  return attribute.ints.map(Number);
};

describe('the written model, read by an independent reader', () => {
  const graph = sample();
  const model = fromBinary(ModelProtoSchema, toOnnx(graph, '/models/tiny'));
  const read = model.graph!;

  it('names its versions and operator sets', () => {
    assert.equal(model.irVersion, 10n);
    assert.equal(model.producerName, 's3delta');
    assert.deepEqual(
      model.opsetImport.map(({ domain, version }) => [domain, Number(version)]),
      [
        ['', OPSET],
        ['com.microsoft', 1],
      ],
    );
  });

  it('has the needed nodes as they are scheduled, with inputs, attributes and domains', () => {
    const needed = scheduled(neededNodes(graph));
    assert.deepEqual(
      read.node.map(({ opType }) => opType),
      needed.map(({ op }) => op),
    );
    for (const [index, node] of needed.entries()) {
      const written = read.node[index]!;
      assert.deepEqual(
        written.input,
        node.inputs.map(input => input?.name ?? ''),
      );
      assert.equal(written.output[0], node.outputs[0]!.name);
      assert.equal(written.domain, node.op === 'FusedMatMul' ? 'com.microsoft' : '');
      for (const attribute of written.attribute) {
        const value = node.attributes[attribute.name];
        const actual = attributeValue(attribute);
        if (typeof value === 'object' && value !== null && 'float' in value)
          assert.equal((actual as { float: number }).float, Math.fround(value.float));
        else assert.deepEqual(actual, value, `${node.op}.${attribute.name}`);
      }
    }
  });

  it('leaves shape-inference hints out: ONNX has them as inputs', () => {
    const hints = read.node.flatMap(({ opType, attribute }) => attribute.map(({ name }) => `${opType}.${name}`));
    for (const hint of ['Reshape.target', 'ReduceSum.axes', 'Split.sizes']) assert.ok(!hints.includes(hint), hint);
  });

  it('declares inputs and outputs with named extents', () => {
    const dims = read.input[0]!.type!.value.value as { shape: { dim: { value: { value: unknown } }[] } };
    assert.deepEqual(
      dims.shape.dim.map(({ value }) => value.value),
      ['batch', 'source', 4n],
    );
    assert.deepEqual(
      read.output.map(({ name }) => name),
      ['loss', 'gradient'],
    );
  });

  it('points into the weight file by a path relative to the folder, and copies nothing of it', () => {
    const weight = read.initializer.find(({ name }) => name === 'w')!;
    assert.equal(weight.dataLocation, TensorProto_DataLocation.EXTERNAL);
    assert.equal(weight.dataType, TensorProto_DataType.FLOAT);
    assert.deepEqual(weight.dims, [5n, 4n]);
    assert.equal(weight.rawData.length, 0);
    assert.deepEqual(Object.fromEntries(weight.externalData.map(({ key, value }) => [key, value])), {
      location: 'shards/b.safetensors',
      offset: '24',
      length: '80',
    });
  });

  it('computes no gradient of the frozen weight, and none below the lowest trainable value', () => {
    // The weight's gradient would be a product [5, 4]; the input's would go through the norm.
    assert.ok(!graph.nodes.some(node => node.outputs.some(({ shape }) => shape.join() === '5,4')));
    const norms = graph.nodes.filter(node => node.op === 'SimplifiedLayerNormalization');
    const beyond = graph.nodes.filter(node => node.op === 'Sub');
    assert.equal(norms.length, 1);
    assert.equal(beyond.length, 0, 'the gradient of the norm by its input is a subtraction, and nothing needs it');
  });
});

describe('a session', () => {
  it('reads external data at any offset, through the folder of the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 's3delta-onnx-'));
    const file = join(folder, 'weights.bin');
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    await writeFile(file, Buffer.concat([Buffer.from([9, 9, 9]), Buffer.from(values.buffer)]));
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 3]);
    const weight = graph.external('w', 'float32', [2, 3], { location: file, offset: 3, length: 24 });
    graph.output('y', gemm(x, weight, { transB: true }));
    const session = await createSession(graph, { threads: 1 });
    const { y } = await session.run({ x: { type: 'float32', data: Float32Array.of(1, 0, 2), dims: [1, 3] } });
    assert.deepEqual([...(y!.data as Float32Array)], [7, 16]);
    await assert.rejects(session.run({}), /input x was not fed/);
    await session.release();
    await rm(folder, { recursive: true });
  });
});
