import type { Layout, ParameterLayout } from '../core/program.ts';

/**
 * Gates and scales outside the graph. A gate multiplies parameters its module is linear in, so a graph that knows no
 * gates is given f ⊙ w in place of w, with f = a parameter's scale times, where it is gated, its module's gate z. The
 * gradient g that it returns, ∂loss/∂(f ⊙ w), holds both gradients wanted. Gates so cost one multiplication a
 * parameter, and the same compiled program serves with and without them. Heads have no gate, and are left as they are.
 */

/** f ⊙ w: a fresh array, or `delta` itself where no factor differs from 1. Without gates every gate is 1. */
export function gatedDelta(layout: Layout, delta: Float32Array, gates?: Float32Array): Float32Array {
  let result = delta;
  forEachParameter(layout, gates, ({ offset, size }, factor) => {
    if (factor === 1) return;
    // Full fine-tuning has as many parameters as the backbone, and nothing to multiply them by.
    if (result === delta) result = delta.slice();
    for (let i = offset; i < offset + size; i++) result[i] = delta[i]! * factor;
  });
  return result;
}

/**
 * From g = ∂loss/∂(f ⊙ w) to ∂loss/∂w = f ⊙ g, written over `gradient`, and ∂loss/∂zᵢ = Σ scale · w g over module i's
 * gated parameters, which is returned; nothing where there are no gates.
 */
export function splitGradient(
  layout: Layout,
  delta: Float32Array,
  gates: Float32Array | undefined,
  gradient: Float32Array,
): Float32Array {
  const sums = new Float64Array(gates?.length ?? 0);
  forEachParameter(layout, gates, ({ offset, size, gated, scale }, factor, gate) => {
    if (gates && gated) sums[gate]! += scale * inner(delta, gradient, offset, size);
    if (factor === 1) return;
    for (let i = offset; i < offset + size; i++) gradient[i]! *= factor;
  });
  return Float32Array.from(sums);
}

/**
 * ∂/∂zᵢ ⟨∂loss/∂w, v⟩, one number a module, from the point's gradient g = ∂loss/∂(f ⊙ w) and the curvature
 * c = H·(f ⊙ v) with H = ∂²loss/∂(f ⊙ w)²: Σ scale · (v g + w c) over module i's gated parameters.
 */
export function mixedDerivativeOf(
  layout: Layout,
  delta: Float32Array,
  direction: Float32Array,
  { gradient, curvature }: { readonly gradient: Float32Array; readonly curvature: Float32Array },
): Float32Array {
  const sums = new Float64Array(layout.modules.length);
  forEachParameter(layout, undefined, ({ offset, size, gated, scale }, _, gate) => {
    if (!gated) return;
    sums[gate]! += scale * (inner(direction, gradient, offset, size) + inner(delta, curvature, offset, size));
  });
  return Float32Array.from(sums);
}

/** ⟨a, b⟩ over one parameter, in float64. */
function inner(a: Float32Array, b: Float32Array, offset: number, size: number): number {
  let sum = 0;
  for (let i = offset; i < offset + size; i++) sum += a[i]! * b[i]!;
  return sum;
}

function forEachParameter(
  layout: Layout,
  gates: Float32Array | undefined,
  visit: (parameter: ParameterLayout, factor: number, gate: number) => void,
): void {
  for (const [gate, { parameters }] of layout.modules.entries()) {
    for (const parameter of parameters) {
      visit(parameter, parameter.scale * (parameter.gated && gates ? gates[gate]! : 1), gate);
    }
  }
}
