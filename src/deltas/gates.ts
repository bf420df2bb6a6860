import type { Layout } from '../runtime/program.ts';

/**
 * Gates outside the graph. A gate multiplies parameters its module is linear in, so a graph that knows no gates is given
 * z ⊙ w in place of w, and the gradient g it returns, ∂loss/∂(z ⊙ w), holds both gradients wanted. Gates so cost one
 * multiplication a parameter, and the same compiled program serves with and without them.
 */

/** The delta vector with each module's gated parameters multiplied by its gate; a fresh array. */
export function gatedDelta(layout: Layout, delta: Float32Array, gates: Float32Array): Float32Array {
  const result = delta.slice();
  forEachGated(layout, (gate, start, end) => {
    for (let i = start; i < end; i++) result[i] = delta[i]! * gates[gate]!;
  });
  return result;
}

/**
 * From g = ∂loss/∂(z ⊙ w) to ∂loss/∂w = z ⊙ g, written over `gradient`, and ∂loss/∂zᵢ = Σ w g over module i's gated
 * parameters, which is returned.
 */
export function splitGradient(
  layout: Layout,
  delta: Float32Array,
  gates: Float32Array,
  gradient: Float32Array,
): Float32Array {
  const sums = new Float64Array(gates.length);
  forEachGated(layout, (gate, start, end) => {
    for (let i = start; i < end; i++) {
      sums[gate]! += delta[i]! * gradient[i]!;
      gradient[i]! *= gates[gate]!;
    }
  });
  return Float32Array.from(sums);
}

/**
 * ∂/∂zᵢ ⟨∂loss/∂w, v⟩, one number a module, from the point's gradient g = ∂loss/∂(z ⊙ w) and the curvature
 * c = H·(z ⊙ v) with H = ∂²loss/∂(z ⊙ w)²: Σ (v g + w c) over module i's gated parameters.
 */
export function mixedDerivativeOf(
  layout: Layout,
  delta: Float32Array,
  direction: Float32Array,
  { gradient, curvature }: { readonly gradient: Float32Array; readonly curvature: Float32Array },
): Float32Array {
  const sums = new Float64Array(layout.modules.length);
  forEachGated(layout, (gate, start, end) => {
    for (let i = start; i < end; i++) sums[gate]! += direction[i]! * gradient[i]! + delta[i]! * curvature[i]!;
  });
  return Float32Array.from(sums);
}

function forEachGated(layout: Layout, visit: (gate: number, start: number, end: number) => void): void {
  for (const [gate, { parameters }] of layout.modules.entries()) {
    for (const { gated, offset, size } of parameters) if (gated) visit(gate, offset, offset + size);
  }
}
