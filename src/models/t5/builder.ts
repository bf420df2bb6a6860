import { type Attachments, attachModules } from '../../deltas/attach.ts';
import { gatedDelta } from '../../deltas/gates.ts';
import { Graph } from '../../graph/graph.ts';
import { cast } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/types.ts';
import type { Layout } from '../../runtime/program.ts';
import type { Weights } from '../weight.ts';
import type { T5Config } from './config.ts';

/** What every part of the forward pass is built with. */
export interface T5Builder {
  readonly graph: Graph;
  readonly config: T5Config;
  readonly attach: Attachments;
  /** The flat trainable parameters [layout.size]; absent where there are no modules. */
  readonly delta: Value | undefined;
  /** Whether the backward pass computes sub-layers again in place of holding them. */
  readonly recompute: boolean;
  /** A frozen weight as float32, by site; `shape` reads the same bytes under another shape. */
  weight(site: string, shape?: readonly number[]): Value;
}

/** Everything a graph is made from. */
export interface T5Blueprint {
  readonly config: T5Config;
  readonly weights: Weights;
  readonly layout: Layout;
  /** Whether the backward pass computes sub-layers again in place of holding them (default false). */
  readonly recompute?: boolean;
  /** The modules' parameters, flat, where the graph shall hold them; without it they are its input `delta`. */
  readonly constants?: Float32Array;
}

/** A fresh graph, with the flat vector of trainable parameters cut up for its modules. */
export function createBuilder({ config, weights, layout, recompute = false, constants }: T5Blueprint): T5Builder {
  const graph = new Graph();
  const flat = () =>
    constants ? graph.floats(gatedDelta(layout, constants)) : graph.input('delta', 'float32', [layout.size]);
  const delta = layout.size > 0 ? flat() : undefined;
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
