import { gradients } from '../../../src/graph/gradients.ts';
import { Graph } from '../../../src/graph/graph.ts';
import * as op from '../../../src/graph/ops/ops.ts';
import type { GraphBuilder, Value } from '../../../src/graph/types.ts';
import { attend, scoresOf } from '../../../src/models/kit/attention.ts';
import { rotate } from '../../../src/models/kit/positions.ts';
import { pool } from '../../../src/models/kit/text-classifier.ts';

const [HEADS, HEAD_WIDTH, INNER] = [4, 8, 96];
const WIDTH = HEADS * HEAD_WIDTH;

/** x Wᵀ + b, both trained. */
function linear(x: Value, name: string, outputs: number): Value {
  const { graph } = x;
  const weight = graph.input(name, 'float32', [outputs, x.shape[1]!]);
  return op.gemm(x, weight, { transB: true, c: graph.input(`${name}.bias`, 'float32', [outputs]) });
}

const ones = (graph: GraphBuilder): Value => graph.floats(new Float32Array(WIDTH).fill(1));

function layerNorm(x: Value): Value {
  const y = op.layerNorm(x, ones(x.graph), ones(x.graph), 1e-5);
  x.graph.recomputation.mark(y);
  return y;
}

function rmsNorm(x: Value): Value {
  const y = op.rmsNorm(x, ones(x.graph), 1e-5);
  x.graph.recomputation.mark(y);
  return y;
}

function attention(x: Value, mask: Value, keyHeads: number, turn: (heads: Value) => Value = heads => heads): Value {
  const heads = (name: string, count: number) => {
    const projected = op.reshape(linear(x, name, count * HEAD_WIDTH), ['batch', 'source', count, HEAD_WIDTH]);
    return op.transpose(projected, [0, 2, 1, 3]);
  };
  const scores = op.add(scoresOf(turn(heads('q', HEADS)), turn(heads('k', keyHeads))), mask);
  const attended = op.transpose(attend(op.softmax(scores), heads('v', keyHeads)), [0, 2, 1, 3]);
  return linear(op.reshape(attended, ['batch*source', WIDTH]), 'o', WIDTH);
}

/** The loss of a pooled block and its gradients by all that is trained. */
function trained(block: (x: Value, mask: Value, graph: Graph) => Value): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch*source', WIDTH]);
  const weights = graph.input('weights', 'float32', ['batch', 'source']);
  const states = block(x, graph.input('mask', 'float32', ['batch', 1, 1, 'source']), graph);
  const loss = op.reduceSum(op.tanh(pool(states, weights)), [0, 1], false);
  graph.output('loss', loss);
  const wrt = graph.inputs.filter(
    ({ name }) => /^[a-z]+(\.bias)?$/.test(name) && !['x', 'mask', 'weights'].includes(name),
  );
  for (const [i, gradient] of gradients(loss, wrt).entries()) graph.output(`${wrt[i]!.name}.gradient`, gradient);
  return graph;
}

/** Training graphs of blocks that stand for their families, with inputs of `batch` and `source`. */
export const blocks: Readonly<Record<string, () => Graph>> = {
  'an encoder of layer norms and the exact gelu, as BERT': () =>
    trained((x, mask) => {
      const middle = layerNorm(op.add(x, attention(x, mask, HEADS)));
      return layerNorm(op.add(middle, linear(op.exactGelu(linear(middle, 'up', INNER)), 'down', WIDTH)));
    }),
  'a decoder of rotary positions, grouped queries and SiLU, as Llama': () =>
    trained((x, mask, graph) => {
      const [cos, sin] = ['rotary.cos', 'rotary.sin'].map(name =>
        graph.input(name, 'float32', ['source', HEAD_WIDTH / 2]),
      );
      const middle = op.add(
        x,
        attention(rmsNorm(x), mask, HEADS / 2, heads => rotate(heads, { cos: cos!, sin: sin! })),
      );
      const normalized = rmsNorm(middle);
      const gated = op.mul(op.silu(linear(normalized, 'gate', INNER)), linear(normalized, 'up', INNER));
      return op.add(middle, linear(gated, 'down', WIDTH));
    }),
};
