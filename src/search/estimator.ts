import { binaryConcrete, binaryConcreteGradient } from './binary-concrete.ts';
import { alphaGradients, shiftedLogits, sigmoid, solveShift } from './shifted-sigmoid.ts';

/** Gates drawn for one value of α, and the way back from their gradient to α's. */
export interface GateSample {
  readonly gates: Float32Array;
  /** From ∂L/∂z, one number a module, to ∂L/∂α. */
  backward(gateGradient: ArrayLike<number>): Float64Array;
}

/** How α becomes gates: the one thing a search needs to know about its relaxation. */
export interface GateEstimator {
  /** Gates for training. The randomness belongs to the step: every α asked for in a step sees the same draws. */
  sample(alpha: Float64Array, step: number): GateSample;
  /** Probability of each module to be kept: the gates of evaluation. */
  probabilities(alpha: Float64Array): Float64Array;
}

export interface EstimatorOptions {
  /** Parameters of each module, nᵢ. */
  readonly counts: readonly number[];
  /** Parameters to spend, 0 < B < Σ nᵢ. */
  readonly budget: number;
  readonly gradient: 'global' | 'local';
  /** Temperature of the sigmoid. */
  readonly tau: number;
  /** Temperature of the Binary Concrete distribution. */
  readonly beta: number;
  /** Draws from U(0, 1) of a step, one a module; the same at every call. */
  uniforms(step: number): ArrayLike<number>;
}

/** The method's own estimator: shifted sigmoid, then Binary Concrete (section 4.1–4.3). */
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

  return { sample, probabilities: alpha => logitsOf(alpha).map(sigmoid) };
}
