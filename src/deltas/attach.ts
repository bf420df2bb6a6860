import { add, concat, expand, gemm, reshape, rmsNorm, split, sub } from '../graph/ops/index.ts';
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
  const bySite = new Map<string, (() => Contribution)[]>();
  let next = 0;
  for (const { module, parameters: laidOut } of layout.modules) {
    const own = laidOut.map(parameter => ({ ...parameter, piece: pieces[next++]! }));
    const contribute = () => {
      const parameters = Object.fromEntries(own.map(({ name, shape, piece }) => [name, reshape(piece, shape)]));
      return deltaOf(module.kind).contribute({ parameters, options: module.options });
    };
    bySite.set(module.site.name, [...(bySite.get(module.site.name) ?? []), contribute]);
  }
  // Made where the forward pass comes by, so that their gradients are made where the backward pass does.
  const known = new Map<string, readonly Contribution[]>();
  function contributions(site: string): readonly Contribution[] {
    const made = known.get(site) ?? (bySite.get(site) ?? []).map(contribute => contribute());
    known.set(site, made);
    return made;
  }

  const linears = (x: Value, maps: readonly LinearMap[]): Value[] => {
    const parts = maps.map(({ site }) => contributions(site));
    const inner = readAll(x, parts.flat());
    return maps.map(({ weight, addend }, index) => {
      const own = parts[index]!;
      const host = (c: Value | undefined) => gemm(x, addWeights(own, weight), { transB: true, ...(c && { c }) });
      // The thin product goes last, onto the host's: the other way round both would pass over the output once more.
      return reads(own) ? addOutputs(own, inner, host(addend))! : host(addOutputs(own, inner, addend));
    });
  };

  return {
    linears,
    linear: (site, x, weight, addend) => linears(x, [{ site, weight, ...(addend && { addend }) }])[0]!,
    norm: (site, x, weight, epsilon) => {
      const parts = contributions(site);
      const normalized = rmsNorm(x, addWeights(parts, weight), epsilon);
      const output = addOutputs(parts, new Map(), normalized)!;
      // x is held for the norm's own gradient; a pass over it costs less than holding the output too.
      for (const value of new Set([normalized, output])) x.graph.recomputation.mark(value);
      return output;
    },
    subLayer: (site, residual, compute) => {
      const parts = contributions(site);
      if (!reads(parts)) return addOutputs(parts, new Map(), compute(residual))!;
      const output = compute();
      const inner = readAll(output, parts);
      const result = addOutputs(parts, inner, add(residual, output))!;
      // Both ends of the sub-layer are held anyway: its output is what they differ by, less what the parts have added.
      output.graph.recomputation.mark(output, () => {
        const { columns, writes } = thinMatrices(parts, inner, sumOfBiases(parts));
        return gemm(columns, writes, { transB: true, alpha: -1, c: sub(result, residual) });
      });
      return result;
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
  const bias = sumOfBiases(parts);
  if (!reads(parts)) return addend && bias ? add(addend, bias) : (addend ?? bias);
  // The product has one C: a bias beside an addend is the matrix of one column that a column of ones reads.
  const { columns, writes } = thinMatrices(parts, inner, addend && bias);
  const c = addend ?? bias;
  return gemm(columns, writes, { transB: true, ...(c && { c }) });
}

/** columns [tokens, r′] and writes [out, r′], whose product columns · writesᵀ is what the bottlenecks, and `bias`, add. */
function thinMatrices(
  parts: readonly Contribution[],
  inner: ReadonlyMap<Bottleneck, Value>,
  bias?: Value,
): { columns: Value; writes: Value } {
  const bottlenecks = parts.flatMap(({ bottleneck }) => bottleneck ?? []);
  const columns = bottlenecks.map(bottleneck => bottleneck.between(inner.get(bottleneck)!));
  const writes = bottlenecks.map(({ write }) => write);
  if (bias) {
    columns.push(expand(bias.graph.scalar(1), [columns[0]!.shape[0]!, 1]));
    writes.push(reshape(bias, [bias.shape[0]!, 1]));
  }
  return { columns: concat(columns, 1), writes: concat(writes, 1) };
}

function reads(parts: readonly Contribution[]): boolean {
  return parts.some(({ bottleneck }) => bottleneck);
}

function sumOfBiases(parts: readonly Contribution[]): Value | undefined {
  const biases = parts.flatMap(({ bias }) => bias ?? []);
  return biases.length > 0 ? biases.reduce((a, b) => add(a, b)) : undefined;
}
