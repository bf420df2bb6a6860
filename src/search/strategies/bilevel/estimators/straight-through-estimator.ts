import type { EstimatorOptions, GateEstimator } from '../estimator.ts';
import { createConcreteEstimator } from './concrete-estimator.ts';

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
