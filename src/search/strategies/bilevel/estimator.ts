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
  readonly stretch: readonly [low: number, high: number];
}

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
