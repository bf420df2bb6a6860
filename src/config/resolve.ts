import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { precisions } from '../runtime/session.ts';
import { defaultStrategy, usualOptionsOf } from '../search/strategies/strategies.ts';
import { defaultSpace } from '../structure/spaces.ts';
import type { Preset } from '../tasks/task.ts';
import { trainsAllWeights } from './check-settings.ts';
import { chosenStrategy } from './search-options.ts';
import type { Settings } from './settings.ts';

/** Keys that always have a value once the presets are in. */
type Filled =
  | 'space'
  | 'strategy'
  | 'seed'
  | 'device'
  | 'epochs'
  | 'batch-size'
  | 'eval-every'
  | 'lr'
  | 'clip-norm'
  | 'retrain-epochs'
  | 'retrain-eval-every'
  | 'max-length'
  | 'keep-inert'
  | 'retrain'
  | 'random-baseline';

/** Settings after the presets and defaults; model and task are checked before (`requireModelAndTask`). */
export type ResolvedSettings = Settings & Required<Pick<Settings, Filled | 'model' | 'task'>>;

/** The defaults of the paper (sections 4 to 6 of its method) for every key that no preset and no strategy gives. */
const defaults = {
  space: defaultSpace,
  seed: 0,
  // Not auto: without a word the same command gives the same numbers on every machine, and begins at once.
  device: 'cpu',
  strategy: defaultStrategy.name,
  'clip-norm': 2,
  'keep-inert': false,
  retrain: true,
  'random-baseline': false,
} as const;

/** The paper's share of the backbone. */
const budget = '1.39bp';

/** Every key's default where neither a preset, the model nor another key says otherwise: what `--help` shows. */
export function shownDefaultsOf({ strategies }: Catalogue): Settings {
  return { ...defaults, ...usualOptionsOf(strategies), precision: precisions[0] };
}

export const shownDefaults: Settings = shownDefaultsOf(builtIn);

/** What suits deltas where no task and no model says otherwise: the paper's. */
export const learningRate = 3e-4;
/** Full fine-tuning moves every weight, so its steps are smaller (the paper's choice among 3e-5, 1e-4, 3e-4). */
const fineTuningLearningRate = 3e-5;

/**
 * Fills what the user left out: from the preset first, else from the strategy and the paper's defaults. Pure: same in,
 * same out.
 * @param tuned space or method of what is tuned, where a structure says so
 */
export function resolveSettings(
  given: Settings & { model: string; task: string },
  preset: Preset,
  tuned: string | undefined = given.method,
  catalogue: Catalogue = builtIn,
): ResolvedSettings {
  const { strategy, options } = chosenStrategy(given, catalogue);
  const fromPreset: Settings = {
    'batch-size': preset.search.batchSize,
    epochs: preset.search.epochs,
    'eval-every': preset.search.evaluateEvery,
    'retrain-epochs': preset.retrain.epochs,
    'retrain-eval-every': preset.retrain.evaluateEvery,
    'max-length': preset.maxLength,
    lr: trainsAllWeights(tuned, catalogue)
      ? (preset.fineTuningLearningRate ?? fineTuningLearningRate)
      : (preset.learningRate ?? learningRate),
    ...((strategy.needsBudget?.(options) ?? true) && { budget: preset.budget ?? budget }),
    ...(preset.maxSteps !== undefined && { 'max-steps': preset.maxSteps }),
    ...(preset.maxValidation !== undefined && { 'max-validation': preset.maxValidation }),
    ...(preset.maxTest !== undefined && { 'max-test': preset.maxTest }),
  };
  return { ...defaults, ...fromPreset, ...options, ...given } as ResolvedSettings;
}
