import type { Preset } from '../tasks/preset.ts';

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
  };
}

function presetOf(model: string): PresetName {
  return model === builtInModel ? 'mini' : 'paper';
}
