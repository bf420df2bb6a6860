import { add, concat, expand, gemm, reshape, rmsNorm, split } from '../graph/ops/index.ts';
import type { Value } from '../graph/types.ts';
import type { Layout } from '../runtime/program.ts';
import type { Bottleneck, Contribution } from './delta.ts';
import { deltaOf } from './index.ts';

/** The hooks a model's forward pass calls at its sites. Each gives the bare host's output where no module attaches. */
export interface Attachments {
  /** x Wᵀ (+ addend): x [tokens, in], W [out, in], addend [tokens, out]. */
  linear(site: string, x: Value, weight: Value, addend?: Value): Value;
  /** The same for several maps of one input: what their modules read of it, they read in one pass. */
  linears(x: Value, maps: readonly LinearMap[]): Value[];
  /** RMS norm of x [tokens, d] with weight [d]. */
  norm(site: string, x: Value, weight: Value, epsilon: number): Value;
  /** residual + sub-layer, both [tokens, d]; `compute` gives the sub-layer's output, onto `addend` when it is given one. */
  subLayer(site: string, residual: Value, compute: (addend?: Value) => Value): Value;
  /** A weight of the checkpoint as the graph should see it (embedding tables). */
  weight(site: string, weight: Value): Value;
  /** Whether any module attaches at the site. */
  has(site: string): boolean;
}

export interface LinearMap {
  readonly site: string;
  readonly weight: Value;
  readonly addend?: Value;
}

/** Cuts the flat delta vector [layout.size] into parameters once and hands each module its own. */
export function attachModules(layout: Layout, delta: Value | undefined): Attachments {
  const sizes = layout.modules.flatMap(({ parameters }) => parameters.map(({ size }) => size));
  const pieces = delta ? split(delta, sizes) : [];
  const bySite = new Map<string, Contribution[]>();
  let next = 0;
  for (const { module, parameters: laidOut } of layout.modules) {
    const parameters: Record<string, Value> = {};
    for (const { name, shape } of laidOut) parameters[name] = reshape(pieces[next++]!, shape);
    const contribution = deltaOf(module.kind).contribute({ parameters, options: module.options });
    bySite.set(module.site.name, [...contributions(module.site.name), contribution]);
  }
  function contributions(site: string): readonly Contribution[] {
    return bySite.get(site) ?? [];
  }

  const linears = (x: Value, maps: readonly LinearMap[]): Value[] => {
    const parts = maps.map(({ site }) => contributions(site));
    const inner = readAll(x, parts.flat());
    return maps.map(({ weight, addend }, index) => {
      const own = parts[index]!;
      const host = (c: Value | undefined) => gemm(x, addWeights(own, weight), { transB: true, ...(c && { c }) });
      // The thin product goes last, onto the host's: the other way round both would pass over the output once more.
      const reads = own.some(({ bottleneck }) => bottleneck);
      return reads ? addOutputs(own, inner, host(addend))! : host(addOutputs(own, inner, addend));
    });
  };

  return {
    linears,
    linear: (site, x, weight, addend) => linears(x, [{ site, weight, ...(addend && { addend }) }])[0]!,
    norm: (site, x, weight, epsilon) => {
      const parts = contributions(site);
      return addOutputs(parts, new Map(), rmsNorm(x, addWeights(parts, weight), epsilon))!;
    },
    subLayer: (site, residual, compute) => {
      const parts = contributions(site);
      if (parts.length === 0) return compute(residual);
      const output = compute();
      return addOutputs(parts, readAll(output, parts), add(residual, output))!;
    },
    weight: (site, weight) => addWeights(contributions(site), weight),
    has: site => bySite.has(site),
  };
}

function addWeights(parts: readonly Contribution[], weight: Value): Value {
  return parts.reduce((sum, part) => (part.weight ? add(sum, part.weight) : sum), weight);
}

/** What each bottleneck reads of x [tokens, features]: one product with all their thin matrices stacked. */
function readAll(x: Value, parts: readonly Contribution[]): Map<Bottleneck, Value> {
  const bottlenecks = parts.flatMap(({ bottleneck }) => bottleneck ?? []);
  if (bottlenecks.length === 0) return new Map();
  const inner = gemm(x, concat(bottlenecks.map(({ read }) => read)), { transB: true });
  const ranks = bottlenecks.map(({ read }) => read.shape[0] as number);
  const pieces = bottlenecks.length === 1 ? [inner] : split(inner, ranks, 1);
  return new Map(bottlenecks.map((bottleneck, index) => [bottleneck, pieces[index]!]));
}

/**
 * All that the parts add to an output [tokens, out], onto `addend`: one product with all their thin matrices side by
 * side. `inner` holds what the bottlenecks read.
 */
function addOutputs(
  parts: readonly Contribution[],
  inner: ReadonlyMap<Bottleneck, Value>,
  addend?: Value,
): Value | undefined {
  const biases = parts.flatMap(({ bias }) => bias ?? []);
  const bias = biases.length > 0 ? biases.reduce((a, b) => add(a, b)) : undefined;
  const bottlenecks = parts.flatMap(({ bottleneck }) => bottleneck ?? []);
  if (bottlenecks.length === 0) return addend && bias ? add(addend, bias) : (addend ?? bias);
  const columns = bottlenecks.map(bottleneck => bottleneck.between(inner.get(bottleneck)!));
  const writes = bottlenecks.map(({ write }) => write);
  if (addend && bias) {
    // The product has one C: a bias beside an addend is the matrix of one column that a column of ones reads.
    columns.push(expand(bias.graph.scalar(1), [columns[0]!.shape[0]!, 1]));
    writes.push(reshape(bias, [bias.shape[0]!, 1]));
  }
  const c = addend ?? bias;
  return gemm(concat(columns, 1), concat(writes, 1), { transB: true, ...(c && { c }) });
}
