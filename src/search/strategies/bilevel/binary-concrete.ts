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

/**
 * The hard concrete distribution (Louizos, Welling and Kingma 2018, equations 10 to 13): a Binary Concrete s stretched
 * from (0, 1) to (l, r) with l < 0 and r > 1 and cut off again, z = min(1, max(0, s(r − l) + l)). So z is exactly 0, or
 * exactly 1, with probability above 0, and has a derivative in between.
 */
export type Stretch = readonly [low: number, high: number];

/** Gates z of Binary Concrete draws s, or of their medians σ(logit): then the gates of evaluation. */
export function hardConcrete(soft: Float64Array, [low, high]: Stretch): Float64Array {
  return soft.map(s => Math.min(1, Math.max(0, s * (high - low) + low)));
}

/** From ∂L/∂z to ∂L/∂s: r − l times it, nothing where the gate is cut off. */
export function hardConcreteGradient(
  soft: Float64Array,
  gateGradient: ArrayLike<number>,
  [low, high]: Stretch,
): Float64Array {
  return soft.map((s, i) => {
    const stretched = s * (high - low) + low;
    return stretched > 0 && stretched < 1 ? gateGradient[i]! * (high - low) : 0;
  });
}

/** P(z > 0) = σ(logit − β·log(−l/r)): the expected L0 norm of each gate, one number a module. */
export function openProbability(logits: Float64Array, beta: number, [low, high]: Stretch): Float64Array {
  return logits.map(logit => sigmoid(logit - beta * Math.log(-low / high)));
}
