import { binaryConcrete, binaryConcreteGradient } from '../binary-concrete.ts';
import type { EstimatorOptions, GateEstimator, GateSample } from '../estimator.ts';
import { hardConcrete, hardConcreteGradient, openProbability } from '../hard-concrete.ts';
import { alphaGradients, shiftedLogits, sigmoid, sumOf } from '../shifted-sigmoid.ts';

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
