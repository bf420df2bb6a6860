import type { EncodedExample } from '../core/program.ts';
import type { DeltaModule } from '../core/site.ts';
import { batchesPerEpoch } from '../data/batches.ts';
import type { StageConfig } from './stage.ts';
import { countSteps } from './steps.ts';

/** One of the batches that a step draws. */
export interface StepBatch {
  readonly examples: readonly EncodedExample[];
  /** Name of the random stream that it is drawn from. */
  readonly stream: string;
  /** Loss-and-gradient evaluations on it; a Hessian-vector product counts as two. */
  readonly evaluations: number;
}

/** What a stage computes, known before it begins. */
export interface StageCost {
  /** What is compiled and trained at a time. Where that changes, one stands for all. */
  readonly modules: readonly DeltaModule[];
  readonly steps: number;
  /** Passes over the validation set. */
  readonly validations: number;
  /** What each step draws. */
  readonly batches: readonly StepBatch[];
  /** float32 arrays as long as the delta vector that a step holds. */
  readonly arrays: number;
  /** Whether gradients are differentiated, in a session of its own. */
  readonly curvature: boolean;
}

/** Loss-and-gradient evaluations of a stage, a micro-batched one counted once; none where nothing runs. */
export function countEvaluations(cost: Pick<StageCost, 'steps' | 'batches'> | undefined): number {
  if (cost === undefined) return 0;
  return cost.steps * cost.batches.reduce((sum, { evaluations }) => sum + evaluations, 0);
}

/** Stream of the batches of a training. */
export const tuneStream = 'tune';

/**
 * The cost of training these modules (`tune`). Held are w, its two moments, the gradient, and the best parameters so
 * far.
 */
export function tuneCost(
  modules: readonly DeltaModule[],
  examples: readonly EncodedExample[],
  { batchSize, epochs, maxSteps, evaluateEvery }: StageConfig,
): StageCost {
  const steps = countSteps(batchesPerEpoch(examples.length, batchSize), epochs, maxSteps);
  const batches = [{ examples, stream: tuneStream, evaluations: 1 }];
  return { modules, steps, validations: Math.ceil(steps / evaluateEvery), batches, arrays: 5, curvature: false };
}
