import type { Layout } from '../../core/program.ts';
import { type Attachments, attachModules } from '../../deltas/attach.ts';
import type { LinearMap } from '../../deltas/frozen-host.ts';
import { gatedDelta } from '../../deltas/gates.ts';
import type { TensorEntry } from '../../files/safetensors.ts';
import { Graph } from '../../graph/graph.ts';
import { cast } from '../../graph/ops/ops.ts';
import type { DataType, QuantizedMatrix, Value } from '../../graph/types.ts';
import type { QuantizedTensor, QuantizedWeights } from '../quantized-weights.ts';
import type { Weights } from '../weight.ts';
import type { T5Config } from './t5-config.ts';

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
  /** A frozen linear map of a block. */
  map(site: string): LinearMap;
}

/** Everything a graph is made from. */
export interface T5Blueprint {
  readonly config: T5Config;
  readonly weights: Weights;
  /** Matrices whose products are to be of 8-bit integers, where there are such. */
  readonly quantized?: QuantizedWeights;
  readonly layout: Layout;
  /** Whether the backward pass computes sub-layers again in place of holding them (default false). */
  readonly recompute?: boolean;
  /** The modules' parameters, flat, where the graph shall hold them; without it they are its input `delta`. */
  readonly constants?: Float32Array;
}

/** A fresh graph, with the flat vector of trainable parameters cut up for its modules. */
export function createBuilder(blueprint: T5Blueprint): T5Builder {
  const { config, weights, quantized, layout, recompute = false, constants } = blueprint;
  const graph = new Graph();
  const flat = () =>
    constants ? graph.floats(gatedDelta(layout, constants)) : graph.input('delta', 'float32', [layout.size]);
  const delta = layout.size > 0 ? flat() : undefined;
  const weight: T5Builder['weight'] = (site, shape) => {
    const found = weights.get(site);
    if (!found) throw new Error(`no weight is named ${site}`);
    const { file, offset, byteLength } = found;
    const name = shape ? `${found.name}[${shape}]` : found.name;
    const location = { location: file, offset, length: byteLength };
    return cast(graph.external(name, found.dtype, shape ?? found.shape, location), 'float32');
  };
  return {
    graph,
    config,
    delta,
    recompute,
    attach: attachModules(layout, delta),
    weight,
    map: site => {
      const forms = quantized?.get(site);
      if (!forms) return { site, weight: weight(site) };
      const forward = quantizedMatrix(graph, `${site}.forward`, forms.forward);
      graph.transposes.pair(forward, quantizedMatrix(graph, `${site}.backward`, forms.backward));
      return { site, weight: weight(site), quantized: forward };
    },
  };
}

function quantizedMatrix(graph: Graph, name: string, { values, scales }: QuantizedTensor): QuantizedMatrix {
  const external = (dtype: DataType, { file, shape, offset, byteLength }: TensorEntry, ending = '') =>
    graph.external(`${name}${ending}`, dtype, shape, { location: file, offset, length: byteLength });
  return { values: external('int8', values), scales: external('float32', scales, '.scales') };
}
