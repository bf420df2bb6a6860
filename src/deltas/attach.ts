import { add, gemm, reshape, rmsNorm, split } from '../graph/ops/index.ts';
import type { Value } from '../graph/types.ts';
import type { Layout, ModuleLayout } from '../runtime/program.ts';
import type { Contribution } from './delta.ts';
import { deltaOf } from './index.ts';

/** The hooks a model's forward pass calls at its sites. Each gives the bare host's output where no module attaches. */
export interface Attachments {
  /** x Wᵀ (+ addend): x [tokens, in], W [out, in], addend [tokens, out]. */
  linear(site: string, x: Value, weight: Value, addend?: Value): Value;
  /** RMS norm of x [tokens, d] with weight [d]. */
  norm(site: string, x: Value, weight: Value, epsilon: number): Value;
  /** residual + sub-layer, both [tokens, d]; `compute` gives the sub-layer's output, onto `addend` when it is given one. */
  subLayer(site: string, residual: Value, compute: (addend?: Value) => Value): Value;
  /** A weight of the checkpoint as the graph should see it (embedding tables). */
  weight(site: string, weight: Value): Value;
  /** Whether any module attaches at the site. */
  has(site: string): boolean;
}

/** The trainable inputs of a graph. `delta` is [layout.size]; `gates` [modules] is absent where every gate is 1. */
export interface TrainableInputs {
  readonly delta?: Value;
  readonly gates?: Value;
}

/** Cuts the flat inputs into parameters once and hands each module its own. */
export function attachModules(layout: Layout, { delta, gates }: TrainableInputs): Attachments {
  const pieces = delta
    ? split(
        delta,
        layout.modules.flatMap(({ parameters }) => parameters.map(({ size }) => size)),
      )
    : [];
  const gatePieces = gates
    ? split(
        gates,
        layout.modules.map(() => 1),
      )
    : [];
  const bySite = new Map<string, { module: ModuleLayout; parameters: Record<string, Value>; gate?: Value }[]>();
  let next = 0;
  for (const [index, module] of layout.modules.entries()) {
    const parameters: Record<string, Value> = {};
    for (const { name, shape } of module.parameters) parameters[name] = reshape(pieces[next++]!, shape);
    const site = module.module.site.name;
    const gate = gatePieces[index];
    bySite.set(site, [...(bySite.get(site) ?? []), { module, parameters, ...(gate && { gate }) }]);
  }

  const contributions = (site: string, hiddenStates?: Value): Contribution[] =>
    (bySite.get(site) ?? []).map(({ module: { module }, parameters, gate }) =>
      deltaOf(module.kind).contribute({
        parameters,
        options: module.options,
        ...(hiddenStates && { hiddenStates }),
        ...(gate && { gate }),
      }),
    );

  return {
    linear: (site, x, weight, addend) => {
      const parts = contributions(site, x);
      const sum = addOutputs(parts, addend);
      return gemm(x, addWeights(parts, weight), { transB: true, ...(sum && { c: sum }) });
    },
    norm: (site, x, weight, epsilon) => {
      const parts = contributions(site);
      return addOutputs(parts, rmsNorm(x, addWeights(parts, weight), epsilon))!;
    },
    subLayer: (site, residual, compute) => {
      if (!bySite.has(site)) return compute(residual);
      const output = compute();
      return addOutputs(contributions(site, output), add(residual, output))!;
    },
    weight: (site, weight) => addWeights(contributions(site), weight),
    has: site => bySite.has(site),
  };
}

function addWeights(parts: readonly Contribution[], weight: Value): Value {
  return parts.reduce((sum, part) => (part.weight ? add(sum, part.weight) : sum), weight);
}

/** All that the parts add to an output, onto `addend`. Biases come first: they are small, and products take them along. */
function addOutputs(parts: readonly Contribution[], addend: Value | undefined): Value | undefined {
  let sum = parts.reduce<Value | undefined>(
    (bias, part) => (bias && part.bias ? add(bias, part.bias) : (part.bias ?? bias)),
    undefined,
  );
  if (addend) sum = sum ? add(addend, sum) : addend;
  for (const part of parts) sum = part.output?.(sum) ?? sum;
  return sum;
}
