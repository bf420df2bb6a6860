import type { EncodedExample } from '../core/program.ts';
import type { DeltaModule } from '../core/site.ts';
import { batchesPerEpoch } from '../data/batches.ts';
import type { NumberArray } from '../files/safetensors-arrays.ts';
import { countSteps } from './steps.ts';

/** In place of a search's steps: as many as suit the training of what it finds. */
export const searchByTraining = 'auto';

/** With short trainings after them these find what more would (docs/measured/found-or-random.md). */
const fewestSteps = 75;

/** Steps of a search that suit a training of so many: an eighth of them. */
export function stepsSuiting(training: number): number {
  return Math.min(training, Math.max(fewestSteps, Math.round(training / 8)));
}

/** Sizes and rates of a stage. */
export interface StageConfig {
  readonly epochs: number;
  /** Ends the stage before its epochs do; rates then decay over this many steps. */
  readonly maxSteps?: number;
  readonly batchSize: number;
  /**
   * Most examples in one run of the program (default: by its `tokensPerRun`); gradients are accumulated over the batch.
   */
  readonly microBatch?: number;
  /** Steps between two validations. */
  readonly evaluateEvery: number;
  readonly learningRate: number;
  /** Of the model's heads, where it has any (default: `learningRate`). */
  readonly headLearningRate?: number;
  /** Whether `learningRate` is that of a few modules, to be lowered where there are many (`shareOfModules`). */
  readonly sharedRate?: boolean;
  /** Whether it is LoRA's, and kinds that stand alone learn at a multiple of it (`rateOfKinds`). */
  readonly kindRates?: boolean;
  /** Largest norm of a gradient. */
  readonly clipNorm: number;
  readonly seed: number;
  /** Whether validations of a training also take the mean loss of their examples. */
  readonly validationLoss?: boolean;
}

/** Steps of a stage over so many examples. */
export function stepsOver(
  examples: number,
  { batchSize, epochs, maxSteps }: Pick<StageConfig, 'batchSize' | 'epochs' | 'maxSteps'>,
): number {
  return countSteps(batchesPerEpoch(examples, batchSize), epochs, maxSteps);
}

/** What every stage tells of a step. */
export interface StepReport {
  /** In nats a target token. */
  readonly loss: number;
  readonly learningRate: number;
}

/** An optimisation the loop can drive, save and take up again. `Report` is what it tells about each step. */
export interface Stage<Report extends StepReport> {
  readonly steps: number;
  /** Steps between two evaluations, each of which is followed by a save; the last step always is. */
  readonly evaluateEvery: number;
  /** What has to be equal in a run that goes on from a checkpoint. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** The stage's whole state: arrays that `step` changes in place. */
  readonly arrays: Readonly<Record<string, NumberArray>>;
  /** Names of the arrays to keep as they were at the best evaluation. */
  readonly kept: readonly string[];
  /** Does one step, counted from 0. Where it fails, the arrays must be as before. */
  step(step: number): Promise<Report>;
  /**
   * Validation score at the present state; higher is better. Absent where there is nothing to score, nor a best state.
   */
  evaluate?(): Promise<number>;
  /** Mean loss of the examples that the score is taken on, to be told beside it. */
  validationLoss?(): Promise<number>;
  /** Whether the best evaluation is that of the least validation loss, not of the highest score. */
  readonly judgedByLoss?: boolean;
  /** Whether the stage ends before its last step, told from the arrays alone; asked wherever an evaluation is due. */
  finished?(): boolean;
}

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
  stage: StageConfig,
): StageCost {
  const steps = stepsOver(examples.length, stage);
  const batches = [{ examples, stream: tuneStream, evaluations: 1 }];
  return { modules, steps, validations: Math.ceil(steps / stage.evaluateEvery), batches, arrays: 5, curvature: false };
}
