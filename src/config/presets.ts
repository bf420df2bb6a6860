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
  /** Whether answers are written after a sentinel. */
  readonly sentinel?: boolean;
  readonly maxValidation?: number;
  readonly maxTest?: number;
}

/** Name of the model that comes with the package. */
export const builtInModel = 'mini';

/** Where sizes come from: `paper`, the task's own; `mini`, the same for every task, bounded to minutes on two cores. */
export const presetNames = ['mini', 'paper'] as const;
export type PresetName = (typeof presetNames)[number];

/**
 * Sizes for any task: minutes on two cores. The paper's presets are for T5-large on a GPU, where a run takes hours; they
 * come with each task.
 */
const miniSizes: Preset = {
  maxLength: 96,
  search: { batchSize: 16, epochs: 4, evaluateEvery: 25 },
  retrain: { batchSize: 16, epochs: 4, evaluateEvery: 50 },
  maxSteps: 200,
  maxValidation: 256,
  maxTest: 2000,
};

/** What suits the built-in model at those sizes: of its few parameters the paper's share would be a single module. */
const miniRates = { learningRate: 5e-3, fineTuningLearningRate: 3e-4, budget: '0.2%' } as const;

/** The preset to use, by its name: unless one is said, `mini` for the built-in model and `paper` for every other. */
export function choosePreset(model: string, taskPreset: Preset, name: PresetName = presetOf(model)): Preset {
  return {
    ...(name === 'paper' ? taskPreset : miniSizes),
    ...(name === 'mini' && model === builtInModel && miniRates),
    ...(writesSentinel(model) && { sentinel: true }),
  };
}

function presetOf(model: string): PresetName {
  return model === builtInModel ? 'mini' : 'paper';
}

/** Whether a model's answers are written after a sentinel, where nothing else is said: it was pre-trained to. */
export function writesSentinel(model: string): boolean {
  return model === builtInModel;
}
