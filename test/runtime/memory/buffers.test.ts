import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Graph } from '../../../src/graph/graph.ts';
import { add, mul, relu, reshape, tanh, transpose } from '../../../src/graph/ops/ops.ts';
import { executionOrder, planBuffers } from '../../../src/runtime/memory/buffers.ts';

const open = () => {
  const graph = new Graph();
  return { graph, x: graph.input('x', 'float32', ['n', 4]) };
};
const spans = (graph: Graph) => planBuffers(graph).map(({ from, until }) => [from, until]);

describe('buffers', () => {
  it('are written over by element-wise operations of one input', () => {
    const { graph, x } = open();
    graph.output('y', transpose(tanh(relu(transpose(x, [1, 0]))), [1, 0]));
    // Transpose 0, Relu 1 and Tanh 2 share one; the output has its own.
    assert.deepEqual(spans(graph), [
      [0, 3],
      [3, undefined],
    ]);
  });

  it('are not written over while somebody still reads them', () => {
    const { graph, x } = open();
    const turned = transpose(x, [1, 0]);
    graph.output('y', transpose(mul(relu(turned), turned), [1, 0]));
    assert.deepEqual(spans(graph), [
      [0, 2],
      [1, 2],
      [2, 3],
      [3, undefined],
    ]);
  });

  it('stay with the input where the operation is a view', () => {
    const { graph, x } = open();
    graph.output('y', transpose(reshape(transpose(x, [1, 0]), ['4*n', 1]), [1, 0]));
    assert.equal(planBuffers(graph).length, 2);
  });

  it('serve the next tensor of the same declared shape, and stay allocated until then', () => {
    const { graph, x } = open();
    const first = add(x, graph.scalar(1));
    const other = transpose(add(first, graph.scalar(2)), [1, 0]);
    const last = add(transpose(other, [1, 0]), graph.scalar(3));
    graph.output('y', transpose(last, [1, 0]));
    const buffers = planBuffers(graph);
    // Of the four tensors [n, 4] the third takes the first's and the fourth the second's.
    assert.deepEqual(
      buffers.map(({ type }) => String(type.shape)),
      ['n,4', 'n,4', '4,n', '4,n'],
    );
    assert.equal(buffers.filter(({ until }) => until === undefined).length, 1);
  });
});

describe('the order of execution', () => {
  it('puts every node after what it reads, and leaves out what no output needs', () => {
    const { graph, x } = open();
    const [left, right] = [tanh(x), relu(x)];
    tanh(right);
    graph.output('y', add(left, right));
    const order = executionOrder(graph);
    assert.deepEqual(
      order.map(({ op }) => op),
      ['Tanh', 'Relu', 'Add', 'Identity'],
    );
  });
});
