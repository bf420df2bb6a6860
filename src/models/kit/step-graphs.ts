import { gradients } from '../../graph/gradients.ts';
import type { Graph } from '../../graph/graph.ts';
import { gatherElements, logSoftmax, mul, neg, reduceSum } from '../../graph/ops/ops.ts';
import type { Dim, Value } from '../../graph/types.ts';
import type { Feeds } from '../../runtime/session.ts';
import { type Blueprint, type Builder, createBuilder } from './builder.ts';
import { longestOf, paddedIds, type Rows } from './padding.ts';

/** A scalar that a builder's graph computes: how a family computes the loss of a batch. */
export type LossOf<Config> = (builder: Builder<Config>) => Value;

/** `loss` alone. */
export function lossGraph<Config>(blueprint: Blueprint<Config>, lossOf: LossOf<Config>): Graph {
  const builder = createBuilder(blueprint);
  builder.graph.output('loss', lossOf(builder));
  return builder.graph;
}

/** `loss` and, where something is trained, its gradient by the flat input, `gradient` [layout.size]. */
export function trainingGraph<Config>(blueprint: Blueprint<Config>, lossOf: LossOf<Config>): Graph {
  const builder = createBuilder(blueprint);
  const { graph, delta } = builder;
  const loss = lossOf(builder);
  graph.output('loss', loss);
  if (delta) graph.output('gradient', gradients(loss, [delta])[0]!);
  return graph;
}

/**
 * `gradient` and, along the flat input `direction`, `curvature` = ∂⟨gradient, direction⟩/∂delta, both [layout.size]:
 * the gradient's own nodes differentiated once more.
 */
export function curvatureGraph<Config>(blueprint: Blueprint<Config>, lossOf: LossOf<Config>): Graph {
  const builder = createBuilder(blueprint);
  const { graph, delta } = builder;
  const loss = lossOf(builder);
  if (!delta) throw new Error('without modules there is nothing to differentiate by');
  const direction = graph.input('direction', 'float32', delta.shape);
  const gradient = gradients(loss, [delta])[0]!;
  graph.output('gradient', gradient);
  graph.output('curvature', gradients(reduceSum(mul(gradient, direction), [0], false), [delta])[0]!);
  return graph;
}

/**
 * −Σ w log p(label) over the rows of logits [rows, classes]; `labels` and `lossWeights` [rows, 1] are inputs. Weights
 * of 1/count at what is to be said and 0 at padding make it the mean.
 */
export function crossEntropy(graph: Graph, logits: Value, rows: Dim): Value {
  const column = [rows, 1];
  const labels = graph.input('labels', 'int32', column);
  const weights = graph.input('lossWeights', 'float32', column);
  return neg(reduceSum(mul(gatherElements(logSoftmax(logits), labels), weights), [0, 1], false));
}

/** Labels of texts to be said, a row a token, and weights by which the loss is the mean over the tokens of all. */
export function textLabelFeeds(targets: Rows, padId: number): Feeds {
  const length = longestOf(targets);
  const tokens = targets.reduce((sum, target) => sum + target.length, 0);
  const weights = new Float32Array(targets.length * length);
  for (const [row, target] of targets.entries()) weights.fill(1 / tokens, row * length, row * length + target.length);
  const dims = [targets.length * length, 1];
  return {
    labels: { type: 'int32', data: paddedIds(targets, length, padId), dims },
    lossWeights: { type: 'float32', data: weights, dims },
  };
}
