import { builtInModel } from '../models/built-in.ts';
import type { Preset } from '../tasks/task.ts';

/** Where sizes come from: `paper`, the task's own; `mini`, the same for every task, bounded to minutes on two cores. */
export const presetNames = ['mini', 'paper'] as const;
export type PresetName = (typeof presetNames)[number];

/**
 * Sizes for any task: minutes on two cores. The paper's presets are for T5-large on a GPU, where a run takes hours;
 * they come with each task.
 */
const miniSizes: Preset = {
  maxLength: 96,
  search: { batchSize: 16, epochs: 4, evaluateEvery: 25 },
  retrain: { batchSize: 16, epochs: 4, evaluateEvery: 50 },
  maxSteps: 200,
  maxValidation: 256,
  maxTest: 2000,
};

/** The preset to use, by its name: unless one is said, the built-in model's own and `paper` for every other. */
export function choosePreset(model: string, taskPreset: Preset, name?: PresetName): Preset {
  const own = builtInModel(model);
  const chosen = name ?? own?.preset ?? 'paper';
  return { ...(chosen === 'paper' ? taskPreset : miniSizes), ...(chosen === own?.preset && own.rates) };
}
