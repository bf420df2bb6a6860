import type { EstimatorOptions, GateEstimator } from '../estimator.ts';
import { createConcreteEstimator } from './concrete-estimator.ts';
import { createHardConcreteEstimator } from './hard-concrete-estimator.ts';
import { createStraightThroughEstimator } from './straight-through-estimator.ts';

/** Every estimator by its name. A new one is a file beside this one and a word here. */
export const estimators = {
  concrete: createConcreteEstimator,
  'straight-through': createStraightThroughEstimator,
  'hard-concrete': createHardConcreteEstimator,
} satisfies Record<string, (options: EstimatorOptions) => GateEstimator>;

export type EstimatorName = keyof typeof estimators;
