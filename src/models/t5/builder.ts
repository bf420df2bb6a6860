import { type Attachments, attachModules, type TrainableInputs } from '../../deltas/attach.ts';
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
  readonly trainable: TrainableInputs;
  /** A frozen weight as float32, by site; `shape` reads the same bytes under another shape. */
  weight(site: string, shape?: readonly number[]): Value;
}

/** A fresh graph with the flat trainable inputs: `delta` [layout.size] and, where asked for, `gates` [modules]. */
export function createBuilder(config: T5Config, weights: Weights, layout: Layout, gates: boolean): T5Builder {
  const graph = new Graph();
  const trainable: TrainableInputs = {
    ...(layout.size > 0 && { delta: graph.input('delta', 'float32', [layout.size]) }),
    ...(gates && layout.modules.length > 0 && { gates: graph.input('gates', 'float32', [layout.modules.length]) }),
  };
  return {
    graph,
    config,
    trainable,
    attach: attachModules(layout, trainable),
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
