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
  /** Parameters to spend, where they are not the paper's 1.39 of ten thousand. */
  readonly budget?: string;
  /** Whether answers are written after a sentinel. */
  readonly sentinel?: boolean;
  readonly maxValidation?: number;
  readonly maxTest?: number;
}

/** Name of the model that comes with the package. */
export const builtInModel = 'mini';

/**
 * Preset of the built-in model, for any task: minutes on two cores. The paper's presets are for T5-large on a GPU,
 * where a run takes hours; they come with each task and hold for every other model. The built-in model has seen
 * nothing but span corruption, and of its few parameters the paper's share would be a single module.
 */
const miniPreset: Preset = {
  maxLength: 96,
  search: { batchSize: 16, epochs: 4, evaluateEvery: 25 },
  retrain: { batchSize: 16, epochs: 4, evaluateEvery: 50 },
  learningRate: 5e-3,
  budget: '0.2%',
  sentinel: true,
  maxSteps: 200,
  maxValidation: 256,
};

/** The preset to use: the built-in model's own, else the task's. */
export function choosePreset(model: string, taskPreset: Preset): Preset {
  return model === builtInModel ? miniPreset : taskPreset;
}

/** Whether a model's answers are written after a sentinel, where nothing else is said. */
export function writesSentinel(model: string): boolean {
  return model === builtInModel && miniPreset.sentinel === true;
}
