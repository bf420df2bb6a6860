import { type Attachments, attachModules } from '../../deltas/attach.ts';
import { Graph } from '../../graph/graph.ts';
import { cast } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/types.ts';
import type { Layout } from '../../runtime/program.ts';
import type { T5Config } from './config.ts';
import type { Weights } from './weights.ts';

/** What every part of the forward pass is built with. */
export interface T5Builder {
  readonly graph: Graph;
  readonly config: T5Config;
  readonly attach: Attachments;
  /** The flat trainable input [layout.size]; absent where there are no modules. */
  readonly delta: Value | undefined;
  /** Whether the backward pass computes sub-layers again in place of holding them. */
  readonly recompute: boolean;
  /** A frozen weight as float32, by site; `shape` reads the same bytes under another shape. */
  weight(site: string, shape?: readonly number[]): Value;
}

/** A fresh graph, with the flat trainable input `delta` cut up for its modules. */
export function createBuilder(config: T5Config, weights: Weights, layout: Layout, recompute: boolean): T5Builder {
  const graph = new Graph();
  const delta = layout.size > 0 ? graph.input('delta', 'float32', [layout.size]) : undefined;
  return {
    graph,
    config,
    delta,
    recompute,
    attach: attachModules(layout, delta),
    weight: (site, shape) => {
      const weight = weights.get(site);
      if (!weight) throw new Error(`no weight is named ${site}`);
      const { file, offset, byteLength } = weight;
      const name = shape ? `${weight.name}[${shape}]` : weight.name;
      const location = { location: file, offset, length: byteLength };
      return cast(graph.external(name, weight.dtype, shape ?? weight.shape, location), 'float32');
    },
  };
}
