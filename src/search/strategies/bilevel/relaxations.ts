/** Probabilities are kept this far from 0 and 1. */
const MARGIN = 1e-7;
/** The logit of 1 − MARGIN: logits are clamped to ±LOGIT_LIMIT. */
export const LOGIT_LIMIT = Math.log((1 - MARGIN) / MARGIN);

/** 1 / (1 + exp(−x)). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Σ nᵢ·σ((αᵢ − ζ)/τ) − B. Modules more likely kept than not are counted whole, and what they lack is added with the
 * small terms: so neither "nearly nothing" nor "nearly all" loses digits, nor a choice that is nearly made.
 */
function excessParameters(
  zeta: number,
  alpha: ArrayLike<number>,
  counts: ArrayLike<number>,
  budget: number,
  tau: number,
): number {
  let whole = 0;
  let rest = 0;
  for (let i = 0; i < alpha.length; i++) {
    const logit = (alpha[i]! - zeta) / tau;
    if (logit > 0) {
      whole += counts[i]!;
      rest -= counts[i]! * sigmoid(-logit);
    } else rest += counts[i]! * sigmoid(logit);
  }
  return whole - budget + rest;
}

export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/**
 * The shift ζ of the shifted sigmoid: the one root of Σ nᵢ·σ((αᵢ − ζ)/τ) = B (method, section 4.1), by bisection in
 * float64 down to the last bits of the logits.
 *
 * `counts` are the modules' parameters nᵢ > 0, `budget` is B with 0 < B < Σ nᵢ (RangeError otherwise).
 */
export function solveShift(alpha: ArrayLike<number>, counts: ArrayLike<number>, budget: number, tau: number): number {
  const total = sumOf(counts);
  if (!(budget > 0 && budget < total)) throw new RangeError(`no shift spends ${budget} of ${total} parameters`);
  // Were all α equal to a, the root would be a − τ·logit(B/Σn): so the root lies between those of the extremes.
  const offset = tau * Math.log(budget / (total - budget));
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < alpha.length; i++) {
    low = Math.min(low, alpha[i]! - offset);
    high = Math.max(high, alpha[i]! - offset);
  }
  while (high - low > (tau * Number.EPSILON) / 4) {
    const middle = low / 2 + high / 2;
    if (middle <= low || middle >= high) break;
    // More parameters than the budget: the shift must grow.
    if (excessParameters(middle, alpha, counts, budget, tau) > 0) low = middle;
    else high = middle;
  }
  return low / 2 + high / 2;
}

/**
 * Clamped logits of the probabilities p̃ᵢ = σ((αᵢ − ζ)/τ). Kept instead of p̃ itself, because 1 − p̃ loses its digits
 * near 1.
 */
export function shiftedLogits(alpha: ArrayLike<number>, zeta: number, tau: number): Float64Array {
  return Float64Array.from(alpha, a => Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, (a - zeta) / tau)));
}

/** From ∂L/∂logit(pᵢ) to ∂L/∂αᵢ, with ζ a constant. No gradient passes the clamp. */
export type AlphaGradient = (logits: Float64Array, logitGradient: ArrayLike<number>, tau: number) => Float64Array;

/** p = p̃: each module by itself, ∂L/∂αᵢ = ∂L/∂logitᵢ / τ. */
const local: AlphaGradient = (logits, logitGradient, tau) =>
  logits.map((logit, i) => (Math.abs(logit) < LOGIT_LIMIT ? logitGradient[i]! / tau : 0));

/**
 * p = λ·p̃ with λ = 1 in value (eq. 27–28), whose gradient is eq. 33:
 * ∂L/∂αᵢ = ∂p̃ᵢ/∂αᵢ · (∂L/∂pᵢ − Σⱼ p̃ⱼ·∂L/∂pⱼ / Σₖ p̃ₖ), where ∂p̃/∂α = p̃(1 − p̃)/τ and ∂L/∂p = ∂L/∂logit / (p(1 −
 * p)).
 */
const global: AlphaGradient = (logits, logitGradient, tau) => {
  let weighted = 0;
  let probabilities = 0;
  for (let i = 0; i < logits.length; i++) {
    probabilities += sigmoid(logits[i]!);
    if (Math.abs(logits[i]!) < LOGIT_LIMIT) weighted += logitGradient[i]! / sigmoid(-logits[i]!);
  }
  const mean = weighted / probabilities;
  return logits.map((logit, i) => {
    if (Math.abs(logit) >= LOGIT_LIMIT) return 0;
    return (logitGradient[i]! - sigmoid(logit) * sigmoid(-logit) * mean) / tau;
  });
};

/** From ∂L/∂logit to ∂L/∂α: through the shift that all modules share (global), or past it (local; figure 8). */
export const alphaGradients = { global, local } as const;

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
