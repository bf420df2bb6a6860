import type { Catalogue } from '../catalogue/catalogue.ts';
import { builtInModel } from '../models/built-in.ts';
import { bilevel } from '../search/strategies/bilevel/bilevel.ts';
import { optionKeysOf, strategyNamed } from '../search/strategies/strategies.ts';
import { defaultSpace } from '../structure/spaces.ts';
import type { Preset } from '../tasks/task.ts';

/** Where sizes come from: `paper`, the task's own; `mini`, the same for every task, bounded to minutes on two cores. */
export const presetNames = ['mini', 'paper'] as const;
export type PresetName = (typeof presetNames)[number];

/**
 * Sizes for any task: minutes on two cores. The paper's presets are for T5-large on a GPU, where a run takes hours;
 * they come with each task.
 */
export const miniSizes = {
  maxLength: 96,
  search: { batchSize: 16, epochs: 4, evaluateEvery: 25 },
  retrain: { batchSize: 16, epochs: 4, evaluateEvery: 50 },
  maxSteps: 200,
  maxValidation: 256,
  maxTest: 2000,
} as const satisfies Preset;

/** The preset to use, by its name: unless one is said, the built-in model's own and `paper` for every other. */
export function choosePreset(model: string, taskPreset: Preset, name?: PresetName): Preset {
  const own = builtInModel(model);
  const chosen = name ?? own?.preset ?? 'paper';
  return { ...(chosen === 'paper' ? taskPreset : miniSizes), ...(chosen === own?.preset && own.rates) };
}

/**
 * The paper's own values (its appendix; sections 4 to 6 of the method), where a default of this program is another:
 * budget 1.39 ‱, the second-order step, weights that learn in the search as in the re-training, all candidates
 * searched, its best moment that of the best score, its answer taken as it is, and the sizes of its table 3.
 */
const paperSettings = {
  ...{ preset: 'paper', strategy: bilevel.name, space: defaultSpace, budget: '1.39bp', 'clip-norm': 2 },
  ...{ order: 'second', gates: 'soft', objective: 'budget', gradient: 'global', tau: 1, beta: 1 },
  ...{ 'alpha-lr': 0.1, 'search-lr': 3e-4, rates: 'one', 'fitting-only': false, judge: 'score', finalists: 1 },
} as const;

/** What `--help` says of `--paper`. */
export const paperDescription = Object.entries(paperSettings)
  .map(([key, value]) => (typeof value === 'boolean' ? `--${value ? '' : 'no-'}${key}` : `--${key} ${value}`))
  .join(' ');

interface PaperKeys {
  readonly paper?: boolean | undefined;
  readonly strategy?: string | undefined;
  readonly lr?: number | undefined;
}

/** With `paper`, its values where nothing is said; options that the strategy does not have are left out. */
export function withPaperValues<Given extends PaperKeys>(given: Given, { strategies }: Catalogue): Given {
  if (given.paper !== true) return given;
  const { options } = strategyNamed(given.strategy ?? paperSettings.strategy, strategies);
  const all = optionKeysOf(strategies);
  const isOthers = (key: string) => Object.hasOwn(all, key) && !Object.hasOwn(options.shape, key);
  const own = Object.fromEntries(Object.entries(paperSettings).filter(([key]) => !isOthers(key)));
  // Its weights learn in the search at the rate of the re-training.
  const searchRate = given.lr !== undefined && own['search-lr'] !== undefined ? { 'search-lr': given.lr } : {};
  return { ...own, ...searchRate, ...given };
}
