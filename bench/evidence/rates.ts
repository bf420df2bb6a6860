import { sigmoid, solveShift } from '../../src/research.ts';

/** What a rule may look at before each step. */
export interface RateMoment {
  readonly alpha: Float64Array;
  /** Parameters of each candidate, nᵢ. */
  readonly counts: readonly number[];
  readonly budget: number;
  /** Steps done, of how many. */
  readonly step: number;
  readonly steps: number;
  /** Σ zᵢ·∂L_α/∂zᵢ at each step before: above 0, what is open does harm, and the weights have overshot. */
  readonly harms: readonly number[];
}

/** The share of re-training's rate that the search's weights take at a step, before the decay. */
type RateRule = (moment: RateMoment) => number;

/**
 * Mean of a Binary Concrete gate (β = 1) whose p has this logit: with odds a = p/(1 − p), ∫₀¹ au/(1 − u + au) du =
 * a(a − 1 − ln a)/(a − 1)². It is above p where p is small: 3.6 p at p = 0.012.
 */
export function meanGate(logit: number): number {
  const odds = Math.exp(logit);
  // The closed form loses its digits around a = 1, where the mean is 1/2 + logit/6.
  return Math.abs(logit) < 1e-3 ? 0.5 + logit / 6 : (odds * (odds - 1 - logit)) / (odds - 1) ** 2;
}

/** B over the parameters that the gates leave open on average, Σ nᵢ·E[zᵢ]: near 1 once α has decided. */
function openShare({ alpha, counts, budget }: RateMoment): number {
  const shift = solveShift(alpha, counts, budget, 1);
  let open = 0;
  for (const [i, count] of counts.entries()) open += count * meanGate(Math.max(-16, Math.min(16, alpha[i]! - shift)));
  return budget / open;
}

/** Modules that fit the budget, were all of the mean size: what re-training trains at once. */
const keptModules = ({ counts, budget }: RateMoment) =>
  Math.max(1, (budget * counts.length) / counts.reduce((sum, count) => sum + count, 0));

/** Falls by a tenth a step while what is open does harm, by the mean of some ten steps, and grows back slowly. */
function guard(harms: readonly number[]): number {
  let [mean, factor] = [0, 1];
  for (const harm of harms) {
    mean = 0.9 * mean + 0.1 * harm;
    factor = mean > 0 ? 0.9 * factor : Math.min(1, 1.02 * factor);
  }
  return factor;
}

export const rateRules = {
  same: () => 1,
  fifth: () => 0.2,
  sixteenth: () => 0.0625,
  open: openShare,
  openAtStart: moment => openShare({ ...moment, alpha: new Float64Array(moment.alpha.length) }),
  openHalf: moment => openShare(moment) / 2,
  openGuarded: moment => openShare(moment) * guard(moment.harms),
  rootOfModules: moment => Math.sqrt(keptModules(moment) / moment.counts.length),
  warmUp: ({ step, steps }) => Math.min(1, (step + 1) / (0.3 * steps)),
} as const satisfies Record<string, RateRule>;

export type RateRuleName = keyof typeof rateRules;

/** Probabilities to be kept. */
export function probabilities(alpha: Float64Array, counts: readonly number[], budget: number): number[] {
  const shift = solveShift(alpha, counts, budget, 1);
  return Array.from(alpha, a => sigmoid(a - shift));
}
