import type { Layout } from '../../core/program.ts';
import { biasName } from '../../core/site.ts';
import { type Attachments, attachModules, headParameters } from '../../deltas/attach.ts';
import type { LinearMap } from '../../deltas/frozen-host.ts';
import { gatedDelta } from '../../deltas/gates.ts';
import type { TensorEntry } from '../../files/safetensors.ts';
import { Graph } from '../../graph/graph.ts';
import { cast } from '../../graph/ops/ops.ts';
import type { DataType, QuantizedMatrix, Value } from '../../graph/types.ts';
import type { QuantizedTensor, QuantizedWeights } from '../quantized-weights.ts';
import type { Weights } from '../read-weight.ts';

/** What every part of a forward pass is built with. */
export interface Builder<Config = unknown> {
  readonly graph: Graph;
  readonly config: Config;
  readonly attach: Attachments;
  /** The flat trainable parameters [layout.size]; absent where nothing is trained. */
  readonly delta: Value | undefined;
  /** Whether the backward pass computes sub-layers again in place of holding them. */
  readonly recompute: boolean;
  /** A frozen weight as float32, by its name (`Weights`); `shape` reads the same bytes under another shape. */
  weight(name: string, shape?: readonly number[]): Value;
  /** The bias of a frozen host as float32, where it has one. */
  bias(site: string): Value | undefined;
  /** A frozen linear map, with its bias where it has one. */
  map(site: string): LinearMap;
  /** The trained parameters of a head, by name. */
  head(name: string): Readonly<Record<string, Value>>;
}

/** Everything a graph is made from. */
export interface Blueprint<Config = unknown> {
  readonly config: Config;
  readonly weights: Weights;
  /** Matrices whose products are to be of 8-bit integers, where there are such. */
  readonly quantized?: QuantizedWeights;
  readonly layout: Layout;
  /** Whether the backward pass computes sub-layers again in place of holding them (default false). */
  readonly recompute?: boolean;
  /** The trained parameters, flat, where the graph shall hold them; without it they are its input `delta`. */
  readonly constants?: Float32Array;
}

/** A fresh graph, with the flat vector of trainable parameters cut up for its modules and heads. */
export function createBuilder<Config>(blueprint: Blueprint<Config>): Builder<Config> {
  const { config, weights, quantized, layout, recompute = false, constants } = blueprint;
  const graph = new Graph();
  const flat = () =>
    constants ? graph.floats(gatedDelta(layout, constants)) : graph.input('delta', 'float32', [layout.size]);
  const delta = layout.size > 0 ? flat() : undefined;
  const weight: Builder['weight'] = (name, shape) => {
    const found = weights.get(name);
    if (!found) throw new Error(`no weight is named ${name}`);
    const { file, offset, byteLength } = found;
    const unique = shape ? `${found.name}[${shape}]` : found.name;
    const location = { location: file, offset, length: byteLength };
    return cast(graph.external(unique, found.dtype, shape ?? found.shape, location), 'float32');
  };
  const rounded = (site: string): QuantizedMatrix | undefined => {
    const forms = quantized?.get(site);
    if (!forms) return undefined;
    const forward = quantizedMatrix(graph, `${site}.forward`, forms.forward);
    graph.transposes.pair(forward, quantizedMatrix(graph, `${site}.backward`, forms.backward));
    return forward;
  };
  const bias: Builder['bias'] = site => {
    const name = biasName({ name: site });
    return weights.has(name) ? weight(name) : undefined;
  };
  return {
    graph,
    config,
    delta,
    recompute,
    attach: attachModules(layout, delta),
    weight,
    bias,
    map: site => {
      const [quantized, own] = [rounded(site), bias(site)];
      return { site, weight: weight(site), ...(own && { bias: own }), ...(quantized && { quantized }) };
    },
    head: name => headParameters(layout, delta, name),
  };
}

function quantizedMatrix(graph: Graph, name: string, { values, scales }: QuantizedTensor): QuantizedMatrix {
  const external = (dtype: DataType, { file, shape, offset, byteLength }: TensorEntry, ending = '') =>
    graph.external(`${name}${ending}`, dtype, shape, { location: file, offset, length: byteLength });
  return { values: external('int8', values), scales: external('float32', scales, '.scales') };
}
