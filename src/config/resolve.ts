import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import { precisions } from '../runtime/session.ts';
import {
  defaultStrategy,
  strategiesWith,
  strategyMeant,
  strategyNamed,
  usualOptionsOf,
} from '../search/strategies/strategies.ts';
import type { SearchStrategy } from '../search/strategies/strategy.ts';
import { defaultSpace } from '../structure/spaces.ts';
import type { Preset } from '../tasks/task.ts';
import type { RateChoice } from '../training/rates.ts';
import { searchByTraining } from '../training/stage.ts';
import { trainsAllWeights } from './check-settings.ts';
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
  // A rate that somebody gives is the rate, and the paper's is for all alike.
  const usual: RateChoice = given.lr === undefined && preset.learningRate !== undefined ? 'suited' : 'one';
  // What trains every weight has its own rate, and no modules whose number counts.
  const rates = trainsAllWeights(tuned, catalogue) ? 'one' : (given.rates ?? usual);
  // Who gives its passes, or asks for the paper's values, has said how long a search is to be.
  const isShort = given.epochs === undefined && given.paper !== true;
  const ofSearch = { strategy: strategy.name, ...(isShort && { 'search-steps': searchByTraining }) };
  return { ...defaults, ...fromPreset, ...ofSearch, ...options, ...given, rates } as ResolvedSettings;
}

/** A strategy, and its options with everything that was left out filled in. */
export interface ChosenStrategy {
  readonly strategy: SearchStrategy;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * What the settings say of how to search.
 * @throws InputError for an unknown strategy, an option of another one, and options that contradict each other
 */
export function chosenStrategy(settings: Settings, { strategies }: Catalogue = builtIn): ChosenStrategy {
  const keys = Object.keys(settings);
  const { strategy: name } = settings;
  const strategy = name === undefined ? strategyMeant(keys, strategies) : strategyNamed(name, strategies);
  requireOwnOptions(keys, strategy, strategies);
  const own = Object.entries(settings).filter(([key]) => Object.hasOwn(strategy.options.shape, key));
  const given = strategy.options.parse(Object.fromEntries(own));
  const options = strategy.complete?.(given) ?? given;
  for (const { holds, keys, what, remedy } of strategy.contradictions ?? []) {
    if (!holds(options)) continue;
    const where = keys.map(key => `--${key}`).join(', ');
    throw new InputError(what, { code: 'conflicting-settings', where, remedy });
  }
  return { strategy, options };
}

function requireOwnOptions(keys: readonly string[], { name }: SearchStrategy, strategies: Catalogue['strategies']) {
  for (const key of keys) {
    const owners = strategiesWith(key, strategies);
    if (owners.length === 0 || owners.includes(name)) continue;
    throw new InputError(`\`${key}\` is an option of ${owners.join(' and ')}, and ${name} is to search`, {
      code: 'option-of-another-strategy',
      where: `--${key}`,
      remedy: `leave it out, or give \`--strategy ${owners[0]}\``,
    });
  }
}
