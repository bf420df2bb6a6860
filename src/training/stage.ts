import type { NumberArray } from '../files/safetensors-arrays.ts';

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
  /** Largest norm of a gradient. */
  readonly clipNorm: number;
  readonly seed: number;
  /** Whether validations of a training also take the mean loss of their examples. */
  readonly validationLoss?: boolean;
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
