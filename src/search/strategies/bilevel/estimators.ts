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

/** Gates drawn for one value of α, and the way back from their gradient to α's. */
export interface GateSample {
  readonly gates: Float32Array;
  /** From ∂L/∂z, one number a module, to ∂L/∂α. Linear. */
  backward(gateGradient: ArrayLike<number>): Float64Array;
}

/**
 * How α becomes gates, and what is asked of α beside the loss: all that a search knows of its relaxation and objective.
 */
export interface GateEstimator {
  /** Gates for training. The randomness belongs to the step: every α asked for in a step sees the same draws. */
  sample(alpha: Float64Array, step: number): GateSample;
  /** Probability of each module to be kept. */
  probabilities(alpha: Float64Array): Float64Array;
  /** Mean of the gates that training draws, where modules share a budget; absent where they do not. */
  expectedGates?(alpha: Float64Array): Float64Array;
  /** Gates of evaluation, without sampling. A module whose gate is 0 cannot be in the final structure. */
  evaluationGates(alpha: Float64Array): Float64Array;
  /** ∂/∂α of what the objective adds to the loss of D_α, whatever the gates drawn; zeros where it adds nothing. */
  penaltyGradient(alpha: Float64Array): Float64Array;
  /** Whether there is nothing to search, because every gate is 1 for any α. */
  readonly settled: boolean;
}

/** The L0 penalty with hard concrete gates, in place of a budget. */
export interface L0Options {
  /** λ₀: what one expected module of mean size costs, in nats. */
  readonly weight: number;
  /** Where the gates are stretched to before they are cut off at 0 and 1: l < 0 and r > 1. */
  readonly stretch: Stretch;
}

/** What an estimator is made of; each takes what it needs. */
export interface EstimatorOptions {
  /** Parameters of each module, nᵢ. */
  readonly counts: readonly number[];
  /** Parameters to spend, B > 0. */
  readonly budget: number;
  readonly gradient: 'global' | 'local';
  /** Temperature of the sigmoid. */
  readonly tau: number;
  /** Temperature of the Binary Concrete distribution. */
  readonly beta: number;
  /** Asked for by the hard concrete estimator alone. */
  readonly l0?: L0Options;
  /** Draws from U(0, 1) of a step, one a module; the same at every call. */
  uniforms(step: number): ArrayLike<number>;
}

/** The method's own estimator: shifted sigmoid, then Binary Concrete (section 4.1–4.3). Evaluation uses z = p. */
export function createConcreteEstimator(options: EstimatorOptions): GateEstimator {
  const { counts, budget, gradient, tau, beta, uniforms } = options;
  const logitsOf = (alpha: Float64Array) => shiftedLogits(alpha, solveShift(alpha, counts, budget, tau), tau);

  function sample(alpha: Float64Array, step: number): GateSample {
    const logits = logitsOf(alpha);
    const soft = binaryConcrete(logits, uniforms(step), beta);
    const backward = (gateGradient: ArrayLike<number>) =>
      alphaGradients[gradient](logits, binaryConcreteGradient(soft, gateGradient, beta), tau);
    return { gates: Float32Array.from(soft), backward };
  }

  const probabilities = (alpha: Float64Array) => logitsOf(alpha).map(sigmoid);
  return {
    sample,
    probabilities,
    expectedGates: alpha => binaryConcreteMean(logitsOf(alpha), beta),
    evaluationGates: probabilities,
    penaltyGradient: alpha => new Float64Array(alpha.length),
    settled: budget >= sumOf(counts),
  };
}

/**
 * Hard gates: z = 1 where the Binary Concrete gate is above a half, else 0, so that z is Bernoulli(p) whatever β (eq.
 * 24). The step has no derivative; the gradient goes straight through it, back through the soft gate, as if z were that
 * one (Bengio et al. 2013). Evaluation uses the mean, z = p.
 */
export function createStraightThroughEstimator(options: EstimatorOptions): GateEstimator {
  const soft = createConcreteEstimator(options);
  return {
    ...soft,
    expectedGates: soft.probabilities,
    sample(alpha, step) {
      const { gates, backward } = soft.sample(alpha, step);
      return { gates: gates.map(z => (z > 0.5 ? 1 : 0)), backward };
    },
  };
}

/**
 * An L0 penalty in place of the budget: hard concrete gates of logit(p) = α/τ, and λ₀ Σ (nᵢ/n̄)·P(zᵢ > 0) added to the
 * loss of D_α: the expected number of parameters kept, in modules of mean size n̄. Modules know nothing of each other.
 * The probability to be kept is P(z > 0); evaluation uses the gate of the median, min(1, max(0, σ(α/τ)(r − l) + l)).
 *
 * Throws RangeError without the penalty's weight and stretch, and for a stretch that cuts nothing off.
 */
export function createHardConcreteEstimator({ counts, tau, beta, l0, uniforms }: EstimatorOptions): GateEstimator {
  if (!l0) throw new RangeError('the hard concrete estimator needs the weight and the stretch of its penalty');
  const { weight, stretch } = l0;
  if (!(stretch[0] < 0 && stretch[1] > 1))
    throw new RangeError(`gates stretched to ${stretch} are not cut off at 0 and 1`);
  const mean = sumOf(counts) / counts.length;
  const logitsOf = (alpha: Float64Array) => shiftedLogits(alpha, 0, tau);
  const openOf = (logits: Float64Array) => openProbability(logits, beta, stretch);

  function sample(alpha: Float64Array, step: number): GateSample {
    const logits = logitsOf(alpha);
    const soft = binaryConcrete(logits, uniforms(step), beta);
    const backward = (gateGradient: ArrayLike<number>) => {
      const softGradient = hardConcreteGradient(soft, gateGradient, stretch);
      return alphaGradients.local(logits, binaryConcreteGradient(soft, softGradient, beta), tau);
    };
    return { gates: Float32Array.from(hardConcrete(soft, stretch)), backward };
  }

  function penaltyGradient(alpha: Float64Array): Float64Array {
    const logits = logitsOf(alpha);
    const byLogit = openOf(logits).map((open, i) => (weight * counts[i]! * open * (1 - open)) / mean);
    return alphaGradients.local(logits, byLogit, tau);
  }

  return {
    sample,
    probabilities: alpha => openOf(logitsOf(alpha)),
    evaluationGates: alpha => hardConcrete(logitsOf(alpha).map(sigmoid), stretch),
    penaltyGradient,
    settled: false,
  };
}

/** Every estimator by its name. A new one is a function here and a word in this list. */
export const estimators = {
  /** The paper's: soft gates. */
  concrete: createConcreteEstimator,
  /** Hard gates, whose gradient is that of the soft ones. */
  'straight-through': createStraightThroughEstimator,
  /** Gates with a penalty on how many are open, in place of a budget. */
  'hard-concrete': createHardConcreteEstimator,
} satisfies Record<string, (options: EstimatorOptions) => GateEstimator>;

/** Name of a gate estimator, as `--estimator` takes it. */
export type EstimatorName = keyof typeof estimators;

/**
 * What share of a training's learning rate suits the weights while all candidates are open: half of B / Σ nᵢ·E[zᵢ], the
 * parameters that the budget holds over those that the gates leave open on average.
 *
 * A training of what is kept moves B parameters at its rate; a search moves all that is open, and drawn gates are on
 * average wider open than p. At the training's rate their sum overshoots, and α shuns the best places for it: LoRA on
 * values and outputs. With this share two searches that have only the backbone in common order the candidates alike
 * (rank correlation 0.73, where it was 0.21); `docs/measured/search-rates.md` has the measurements, and those of other
 * rules. As α decides, it nears a half.
 */
export function openRateShare(
  { expectedGates }: Pick<GateEstimator, 'expectedGates'>,
  alpha: Float64Array,
  { counts, budget }: { readonly counts: readonly number[]; readonly budget: number },
): number {
  // Without a budget that gates share there is nothing that more could be open than.
  if (expectedGates === undefined) return 1;
  const open = expectedGates(alpha).reduce((sum, gate, i) => sum + gate * counts[i]!, 0);
  return shareOfOpen(open, budget);
}

/** The same where so many parameters are open, whatever opens them. */
export function shareOfOpen(open: number, budget: number): number {
  return Math.min(1, budget / open) / 2;
}
