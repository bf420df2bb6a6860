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
  /** Most steps of each stage; without it the epochs decide. */
  readonly maxSteps?: number;
  readonly maxValidation?: number;
  readonly maxTest?: number;
}

/** Name of the model that comes with the package. */
export const builtInModel = 'mini';

/**
 * Preset of the built-in model, for any task: minutes on two cores. The paper's presets are for T5-large on a GPU,
 * where a run takes hours; they come with each task and hold for every other model.
 */
const miniPreset: Preset = {
  maxLength: 96,
  search: { batchSize: 16, epochs: 4, evaluateEvery: 25 },
  retrain: { batchSize: 16, epochs: 4, evaluateEvery: 50 },
  learningRate: 3e-3,
  maxSteps: 200,
  maxValidation: 256,
};

/** The preset to use: the built-in model's own, else the task's. */
export function choosePreset(model: string, taskPreset: Preset): Preset {
  return model === builtInModel ? miniPreset : taskPreset;
}
