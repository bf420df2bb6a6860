import type { Preset } from './presets.ts';
import type { Settings } from './settings.ts';

/** Keys that always have a value once the presets are in. */
type Filled =
  | 'space'
  | 'seed'
  | 'device'
  | 'order'
  | 'gates'
  | 'objective'
  | 'gradient'
  | 'tau'
  | 'beta'
  | 'epochs'
  | 'batch-size'
  | 'eval-every'
  | 'lr'
  | 'alpha-lr'
  | 'clip-norm'
  | 'retrain-epochs'
  | 'retrain-eval-every'
  | 'max-length'
  | 'sentinel'
  | 'keep-inert'
  | 'retrain'
  | 'random-baseline';

type Objective = NonNullable<Settings['objective']>;

/** Settings after the presets and defaults; model and task are checked before (`requireModelAndTask`). */
export type ResolvedSettings = Settings & Required<Pick<Settings, Filled | 'model' | 'task'>>;

/** The defaults of the paper (sections 4 to 6 of its method) for every key that no preset gives, but for the order. */
const defaults = {
  space: 'mixed',
  seed: 0,
  // Not auto: without a word the same command gives the same numbers on every machine, and begins at once.
  device: 'cpu',
  // The paper's is second. On gelu this keeps to its path, for four fifths of the time; on relu both are mostly error.
  order: 'one-sided',
  gates: 'soft',
  objective: 'budget',
  tau: 1,
  beta: 1,
  'alpha-lr': 0.1,
  'clip-norm': 2,
  sentinel: false,
  'keep-inert': false,
  retrain: true,
  'random-baseline': false,
} as const;

/** What each objective fills in, by the preset's budget. The L0 penalty needs none: what stays open is kept. */
const ofObjective: Readonly<Record<Objective, (budget?: string) => Settings>> = {
  budget: (budget = '1.39bp') => ({ budget, gradient: 'global' }),
  // The stretch is that of the hard concrete distribution's authors.
  l0: () => ({ gradient: 'local', 'l0-weight': 1e-3, 'stretch-low': -0.1, 'stretch-high': 1.1 }),
};

/** Every key's default where neither a preset nor another key says otherwise: what `--help` shows. */
export const shownDefaults: Settings = {
  ...ofObjective.l0(),
  ...defaults,
  ...ofObjective.budget(),
  precision: 'float32',
};

const learningRate = 3e-4;
/** Full fine-tuning moves every weight, so its steps are smaller (the paper's choice among 3e-5, 1e-4, 3e-4). */
const fineTuningLearningRate = 3e-5;

/**
 * Fills what the user left out: from the preset first, else from the paper's defaults. Pure: same in, same out.
 * @param tuned space or method of what is tuned, where a structure says so
 */
export function resolveSettings(
  given: Settings & { model: string; task: string },
  preset: Preset,
  tuned: string | undefined = given.method,
): ResolvedSettings {
  const fromPreset: Settings = {
    'batch-size': preset.search.batchSize,
    epochs: preset.search.epochs,
    'eval-every': preset.search.evaluateEvery,
    'retrain-epochs': preset.retrain.epochs,
    'retrain-eval-every': preset.retrain.evaluateEvery,
    'max-length': preset.maxLength,
    lr:
      tuned === 'fine-tuning'
        ? (preset.fineTuningLearningRate ?? fineTuningLearningRate)
        : (preset.learningRate ?? learningRate),
    ...ofObjective[given.objective ?? defaults.objective](preset.budget),
    ...(preset.sentinel !== undefined && { sentinel: preset.sentinel }),
    ...(preset.maxSteps !== undefined && { 'max-steps': preset.maxSteps }),
    ...(preset.maxValidation !== undefined && { 'max-validation': preset.maxValidation }),
    ...(preset.maxTest !== undefined && { 'max-test': preset.maxTest }),
  };
  return { ...defaults, ...fromPreset, ...given } as ResolvedSettings;
}
