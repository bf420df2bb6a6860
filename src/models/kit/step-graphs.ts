import { gradients } from '../../graph/gradients.ts';
import type { Graph } from '../../graph/graph.ts';
import { mul, reduceSum } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
import { type Blueprint, type Builder, createBuilder } from './builder.ts';

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
