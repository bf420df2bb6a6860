import {
  alphaGradients,
  binaryConcrete,
  binaryConcreteGradient,
  binaryConcreteMean,
  hardConcrete,
  hardConcreteGradient,
  openProbability,
  type Stretch,
  shiftedLogits,
  sigmoid,
  solveShift,
  sumOf,
} from './relaxations.ts';

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
