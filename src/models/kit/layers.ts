import type { Norm } from '../../deltas/frozen-host.ts';
import { exactGelu, gather, gelu, mul, relu, reshape, silu, tanh, transpose } from '../../graph/ops/ops.ts';
import { productOf } from '../../graph/shape.ts';
import type { Value } from '../../graph/types.ts';
import type { Builder } from './builder.ts';

/** Rows of an embedding table, one an id: ids [batch, length] → [batch·length, width]. */
export function embed({ attach, weight }: Builder, site: string, ids: Value): Value {
  return gather(attach.weight(site, weight(site)), reshape(ids, [productOf(ids.shape)]));
}

/**
 * What is added to scores [1, heads, queries, keys] by relative positions: a table's rows by buckets [queries, keys].
 */
export function positionBias(builder: Builder, site: string, buckets: Value): Value {
  const rows = embed(builder, site, buckets);
  const heads = rows.shape[1]!;
  return reshape(transpose(reshape(rows, [...buckets.shape, heads]), [2, 0, 1]), [1, heads, ...buckets.shape]);
}

/** A frozen norm of states [tokens, width], with its bias where the checkpoint has one. */
export function norm(
  { attach, weight, bias }: Builder,
  site: string,
  x: Value,
  { kind, epsilon }: Pick<Norm, 'kind' | 'epsilon'>,
): Value {
  const own = bias(site);
  return attach.norm(site, x, { kind, weight: weight(site), epsilon, ...(own && { bias: own }) });
}

/** A feed-forward: its sites, and its activation. */
export interface FeedForward {
  /** The sub-layer's own site, a block host. */
  readonly name: string;
  readonly in: string;
  /** Of a gated one, act(x gate) ⊙ x in: the map that the activation sees. */
  readonly gate?: string;
  readonly out: string;
  readonly activation: (x: Value) => Value;
}

/** A feed-forward of states [tokens, width], onto `residual`. */
export function feedForward({ attach, map }: Builder, layer: FeedForward, x: Value, residual: Value): Value {
  const maps = layer.gate === undefined ? [layer.in] : [layer.gate, layer.in];
  const [first, second] = attach.linears(
    x,
    maps.map(site => map(site)),
  );
  const activated = layer.activation(first!);
  const inner = second ? mul(activated, second) : activated;
  return attach.output(layer.name, map(layer.out), inner, residual);
}

/**
 * A sub-layer, of whose values the backward pass holds none but the result where it is to hold less: it computes them
 * again.
 */
export function subLayer({ graph, recompute }: Builder, compute: () => Value): Value {
  const before = graph.nodes.length;
  const result = compute();
  if (recompute) {
    for (const value of graph.nodes.slice(before).flatMap(({ outputs }) => outputs)) {
      if (value !== result) graph.recomputation.mark(value);
    }
  }
  return result;
}

/** Activations by the names that transformers has for them in config.json. */
const byName = {
  relu,
  gelu: exactGelu,
  gelu_new: gelu,
  gelu_pytorch_tanh: gelu,
  gelu_fast: gelu,
  silu,
  swish: silu,
  tanh,
} as const satisfies Readonly<Record<string, (x: Value) => Value>>;

export type ActivationName = keyof typeof byName;

export const activationNames = Object.keys(byName) as [ActivationName, ...ActivationName[]];

export const activationOf = (name: ActivationName): ((x: Value) => Value) => byName[name];
