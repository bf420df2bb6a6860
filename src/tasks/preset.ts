/** Sizes of one stage: the columns of the paper's table 3. */
export interface StagePreset {
  readonly batchSize: number;
  readonly epochs: number;
  /** Steps between two validations. */
  readonly evaluateEvery: number;
}

/** What a task suggests where the user says nothing. */
export interface Preset {
  /** Longest source, in tokens. */
  readonly maxLength: number;
  readonly search: StagePreset;
  readonly retrain: StagePreset;
  /** Learning rate of the modules' parameters, where it is not the paper's 3e-4. */
  readonly learningRate?: number;
  /** That of full fine-tuning, where it is not the paper's 3e-5. */
  readonly fineTuningLearningRate?: number;
  /** Most steps of each stage; without it the epochs decide. */
  readonly maxSteps?: number;
  /** Parameters to spend, where they are not the paper's 1.39 of ten thousand. */
  readonly budget?: string;
  readonly maxValidation?: number;
  readonly maxTest?: number;
}
