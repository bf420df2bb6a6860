import type { HeadLayout, Layout, ModuleLayout } from '../core/program.ts';
import { add, concat, expand, gemm, mul, reshape, split, sub } from '../graph/ops/ops.ts';
import type { Dim, Value } from '../graph/types.ts';
import { type Bottleneck, type Contribution, deltaOf } from './delta.ts';
import {
  hostProduct,
  type LinearMap,
  linearWeight,
  type Norm,
  norms,
  onePlus,
  outputWeight,
  sumOf,
  withBias,
} from './frozen-host.ts';

/** The hooks a model's forward pass calls at its sites. Each gives the bare host's output where no module attaches. */
export interface Attachments {
  /** x Wᵀ (+ b): x [tokens, in], W [out, in]. */
  linear(x: Value, map: LinearMap): Value;
  /** The same for several maps of one input: what their modules read of it, they read in one pass. */
  linears(x: Value, maps: readonly LinearMap[]): Value[];
  /**
   * A linear map's weight [out, in] and bias [out] with all that modules add multiplied out, for who multiplies x by it
   * last.
   */
  merged(map: LinearMap): { readonly weight: Value; readonly bias?: Value };
  /** A norm of x [tokens, d]. */
  norm(site: string, x: Value, norm: Norm): Value;
  /** residual + the sub-layer `block`, which ends in the linear map; both [tokens, d]. Modules may sit on either. */
  output(block: string, map: LinearMap, x: Value, residual: Value): Value;
  /** A weight of the checkpoint as the graph should see it (embedding tables). */
  weight(site: string, weight: Value): Value;
}

/** Cuts the flat delta vector [layout.size] into parameters once and hands each module its own. */
export function attachModules(layout: Layout, delta: Value | undefined): Attachments {
  const pieces = parameterPieces(layout, delta);
  const bySite = new Map<string, (() => Contribution)[]>();
  let next = 0;
  for (const { module, parameters: laidOut } of layout.modules) {
    const own = laidOut.map(parameter => ({ ...parameter, piece: pieces[next++]! }));
    const contribute = () => {
      const parameters = Object.fromEntries(own.map(({ name, shape, piece }) => [name, reshape(piece, shape)]));
      return deltaOf(module).contribute({ parameters, site: module.site });
    };
    bySite.set(module.site.name, [...(bySite.get(module.site.name) ?? []), contribute]);
  }
  return attachContributions(bySite);
}

/** The hooks where modules contribute these, by the name of their site. */
export function attachContributions(bySite: ReadonlyMap<string, readonly (() => Contribution)[]>): Attachments {
  // Made where the forward pass comes by, so that their gradients are made where the backward pass does.
  const known = new Map<string, readonly Contribution[]>();
  function contributions(site: string): readonly Contribution[] {
    const made = known.get(site) ?? (bySite.get(site) ?? []).map(contribute => contribute());
    known.set(site, made);
    return made;
  }
  const partsOf = ({ site, bias }: LinearMap) => withBias(contributions(site), bias);

  /** x Wᵀ and what the parts add to it, onto `addend`; `inner` holds what they read of x. */
  const product = (x: Value, map: LinearMap, parts: readonly Contribution[], inner: Inner, addend?: Value): Value => {
    const host = (c?: Value) => hostProduct(x, map, parts, c);
    // The thin product goes last, onto the host's: the other way round both would pass over the output once more.
    return reads(parts) ? addOutputs(parts, inner, host(addend))! : host(addOutputs(parts, inner, addend));
  };

  const linears = (x: Value, maps: readonly LinearMap[]): Value[] => {
    const parts = maps.map(partsOf);
    const inner = readAll(x, parts.flat());
    return maps.map((map, index) => product(x, map, parts[index]!, inner));
  };

  const output: Attachments['output'] = (block, map, x, residual) => {
    const [own, onBlock] = [partsOf(map), contributions(block)];
    const ofInput = readAll(x, own);
    const scale = sumOf(onBlock, 'outputScale');
    if (scale) {
      const whole = product(x, map, own, ofInput);
      return addOutputs(onBlock, readAll(whole, onBlock), add(residual, mul(whole, onePlus(scale))))!;
    }
    if (!reads(onBlock)) return product(x, map, [...own, ...onBlock], ofInput, residual);
    // Modules that read the block's output h read the bare product xWᵀ, and of what is added to it only the thin
    // matrices: h is never formed.
    const bare = hostProduct(x, map, own);
    const [tokens] = bare.shape;
    const added = thinMatrices(own, ofInput, tokens!, sumOf(own, 'bias'));
    const inner = new Map([...ofInput, ...readAll(bare, onBlock, added)]);
    const parts = [...own, ...onBlock];
    const result = addOutputs(parts, inner, add(residual, bare))!;
    // Both ends of the sub-layer are held anyway: the bare product is what they differ by, less what the parts have
    // added.
    bare.graph.recomputation.mark(bare, () => {
      const { columns, writes } = thinMatrices(parts, inner, tokens!, sumOf(parts, 'bias'))!;
      return gemm(columns, writes, { transB: true, alpha: -1, c: sub(result, residual) });
    });
    return result;
  };

  return {
    linears,
    linear: (x, map) => linears(x, [map])[0]!,
    merged: map => {
      const parts = partsOf(map);
      const bias = sumOf(parts, 'bias');
      return { weight: addProducts(parts, linearWeight(parts, map.weight)), ...(bias && { bias }) };
    },
    output,
    norm: (site, x, { kind, weight, bias: own, epsilon }) => {
      const parts = withBias(contributions(site), own);
      const bias = sumOf(parts, 'bias');
      const values = norms[kind](x, { weight: outputWeight(parts, weight), ...(bias && { bias }), epsilon });
      // x is held for the norm's own gradient; a pass over it costs less than holding the output too.
      for (const value of values) x.graph.recomputation.mark(value);
      return values.at(-1)!;
    },
    weight: (site, weight) => outputWeight(contributions(site), weight),
  };
}

/** The pieces of the flat delta vector [layout.size], one a parameter: the modules' in their order, then the heads'. */
function parameterPieces({ modules, heads }: Layout, delta: Value | undefined): readonly Value[] {
  if (!delta) return [];
  const sizes = [...modules, ...heads].flatMap(({ parameters }) => parameters.map(({ size }) => size));
  return split(delta, sizes);
}

/** The trained parameters of one head in their own shapes, by name. */
export function headParameters(
  layout: Layout,
  delta: Value | undefined,
  name: string,
): Readonly<Record<string, Value>> {
  const index = layout.heads.findIndex(head => head.name === name);
  const head = layout.heads[index];
  if (!head) throw new Error(`no head is named ${name}`);
  const before = countParameters([...layout.modules, ...layout.heads.slice(0, index)]);
  const pieces = parameterPieces(layout, delta);
  return Object.fromEntries(head.parameters.map(({ name, shape }, i) => [name, reshape(pieces[before + i]!, shape)]));
}

function countParameters(parts: readonly (ModuleLayout | HeadLayout)[]): number {
  return parts.reduce((sum, { parameters }) => sum + parameters.length, 0);
}

/** What each bottleneck reads, [tokens, r]. */
type Inner = ReadonlyMap<Bottleneck, Value>;

/** A sum of rank-1 terms [tokens, out] by its factors: columns [tokens, r] and writes [out, r]. */
interface ThinMatrices {
  readonly columns: Value;
  readonly writes: Value;
}

function reads(parts: readonly Contribution[]): boolean {
  return parts.some(({ bottleneck }) => bottleneck);
}

/**
 * What each bottleneck reads of x (+ columns · writesᵀ), [tokens, features]: one product with all their thin matrices
 * stacked.
 */
function readAll(x: Value, parts: readonly Contribution[], more?: ThinMatrices): Map<Bottleneck, Value> {
  const bottlenecks = parts.flatMap(({ bottleneck }) => bottleneck ?? []);
  if (bottlenecks.length === 0) return new Map();
  const read = concat(bottlenecks.map(each => each.read));
  const ofX = gemm(x, read, { transB: true });
  const inner = more ? gemm(more.columns, gemm(read, more.writes), { transB: true, c: ofX }) : ofX;
  const ranks = bottlenecks.map(each => each.read.shape[0] as number);
  const pieces = bottlenecks.length === 1 ? [inner] : split(inner, ranks, 1);
  return new Map(bottlenecks.map((bottleneck, index) => [bottleneck, pieces[index]!]));
}

/**
 * The biases and bottlenecks of the parts on an output [tokens, out], onto `addend`: one product with all their thin
 * matrices side by side. `inner` holds what the bottlenecks read.
 */
function addOutputs(parts: readonly Contribution[], inner: Inner, addend?: Value): Value | undefined {
  const bias = sumOf(parts, 'bias');
  if (!reads(parts)) return addend && bias ? add(addend, bias) : (addend ?? bias);
  const [tokens] = [...inner.values()][0]!.shape;
  // The product has one C: a bias beside an addend is the matrix of one column that a column of ones reads.
  const { columns, writes } = thinMatrices(parts, inner, tokens!, addend && bias)!;
  const c = addend ?? bias;
  return gemm(columns, writes, { transB: true, ...(c && { c }) });
}

/** What the bottlenecks, and `bias`, add; undefined where that is nothing. */
function thinMatrices(
  parts: readonly Contribution[],
  inner: Inner,
  tokens: Dim,
  bias?: Value,
): ThinMatrices | undefined {
  const bottlenecks = parts.flatMap(({ bottleneck }) => bottleneck ?? []);
  const columns = bottlenecks.map(bottleneck => {
    const read = inner.get(bottleneck)!;
    return bottleneck.between?.(read) ?? read;
  });
  const writes = bottlenecks.map(({ write }) => write);
  if (bias) {
    columns.push(expand(bias.graph.scalar(1), [tokens, 1]));
    writes.push(reshape(bias, [bias.shape[0]!, 1]));
  }
  return columns.length > 0 ? { columns: concat(columns, 1), writes: concat(writes, 1) } : undefined;
}

/** The weight with write · read of each bottleneck added; at a linear host nothing stands between the two. */
function addProducts(parts: readonly Contribution[], weight: Value): Value {
  return parts.reduce(
    (sum, { bottleneck }) => (bottleneck ? gemm(bottleneck.write, bottleneck.read, { c: sum }) : sum),
    weight,
  );
}
