import { binaryConcrete, binaryConcreteGradient, binaryConcreteMean } from '../binary-concrete.ts';
import type { EstimatorOptions, GateEstimator, GateSample } from '../estimator.ts';
import { alphaGradients, shiftedLogits, sigmoid, solveShift, sumOf } from '../shifted-sigmoid.ts';

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
