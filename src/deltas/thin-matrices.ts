import { add, concat, expand, gemm, reshape, split } from '../graph/ops/ops.ts';
import type { Dim, Value } from '../graph/types.ts';
import type { Bottleneck, Contribution } from './delta.ts';
import { sumOf } from './frozen-host.ts';

/** What each bottleneck reads, [tokens, r]. */
export type Inner = ReadonlyMap<Bottleneck, Value>;

/** A sum of rank-1 terms [tokens, out] by its factors: columns [tokens, r] and writes [out, r]. */
interface ThinMatrices {
  readonly columns: Value;
  readonly writes: Value;
}

export function reads(parts: readonly Contribution[]): boolean {
  return parts.some(({ bottleneck }) => bottleneck);
}

/**
 * What each bottleneck reads of x (+ columns · writesᵀ), [tokens, features]: one product with all their thin matrices
 * stacked.
 */
export function readAll(x: Value, parts: readonly Contribution[], more?: ThinMatrices): Map<Bottleneck, Value> {
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
export function addOutputs(parts: readonly Contribution[], inner: Inner, addend?: Value): Value | undefined {
  const bias = sumOf(parts, 'bias');
  if (!reads(parts)) return addend && bias ? add(addend, bias) : (addend ?? bias);
  const [tokens] = [...inner.values()][0]!.shape;
  // The product has one C: a bias beside an addend is the matrix of one column that a column of ones reads.
  const { columns, writes } = thinMatrices(parts, inner, tokens!, addend && bias)!;
  const c = addend ?? bias;
  return gemm(columns, writes, { transB: true, ...(c && { c }) });
}

/** What the bottlenecks, and `bias`, add; undefined where that is nothing. */
export function thinMatrices(
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
export function addProducts(parts: readonly Contribution[], weight: Value): Value {
  return parts.reduce(
    (sum, { bottleneck }) => (bottleneck ? gemm(bottleneck.write, bottleneck.read, { c: sum }) : sum),
    weight,
  );
}
