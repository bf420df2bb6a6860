import { sigmoid } from './shifted-sigmoid.ts';

/**
 * Soft gates z = σ((logit(p) + log(u/(1 − u)))/β) of the Binary Concrete distribution (eq. 23), from the logits of p
 * and draws u from U(0, 1), one a module. P(z > 0.5) = p (eq. 24); as β → 0, z tends to Bernoulli(p) (eq. 25–26).
 */
export function binaryConcrete(logits: ArrayLike<number>, uniforms: ArrayLike<number>, beta: number): Float64Array {
  return Float64Array.from(logits, (logit, i) => {
    const u = uniforms[i]!;
    return sigmoid((logit + Math.log(u) - Math.log1p(-u)) / beta);
  });
}

/** From ∂L/∂z to ∂L/∂logit(p): ∂z/∂logit = z(1 − z)/β. */
export function binaryConcreteGradient(
  gates: Float64Array,
  gateGradient: ArrayLike<number>,
  beta: number,
): Float64Array {
  return gates.map((z, i) => (gateGradient[i]! * z * (1 - z)) / beta);
}
