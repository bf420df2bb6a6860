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

// The density of logistic noise falls as e^−|x|: beyond, less than a part in 10⁸ is left. The trapezoid rule on a
// smooth function that ends at 0 on both sides is exact to far more digits than are asked for here.
const [farthest, step] = [20, 0.25];

/**
 * Mean of the gates over u: ∫ σ((logit(p) + x)/β) σ(x)(1 − σ(x)) dx. Where p is small it is above p: at β = 1 with odds
 * a = p/(1 − p) it is a(a − 1 − ln a)/(a − 1)², 3.6 p at p = 0.012.
 */
export function binaryConcreteMean(logits: ArrayLike<number>, beta: number): Float64Array {
  return Float64Array.from(logits, logit => {
    let sum = 0;
    for (let x = -farthest; x <= farthest; x += step) {
      const s = sigmoid(x);
      sum += sigmoid((logit + x) / beta) * s * (1 - s);
    }
    return sum * step;
  });
}
