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
