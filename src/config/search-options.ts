import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import { strategiesWith, strategyNamed } from '../search/strategies/strategies.ts';
import type { SearchStrategy } from '../search/strategies/strategy.ts';
import type { Settings } from './settings.ts';

/** A strategy, and its options with everything that was left out filled in. */
export interface ChosenStrategy {
  readonly strategy: SearchStrategy;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the settings say of how to search. */
export function chosenStrategy(settings: Settings, { strategies }: Catalogue = builtIn): ChosenStrategy {
  const strategy = strategyNamed(settings.strategy ?? strategies[0]!.name, strategies);
  const own = Object.entries(settings).filter(([key]) => Object.hasOwn(strategy.options.shape, key));
  const options = strategy.options.parse(Object.fromEntries(own));
  return { strategy, options: strategy.complete?.(options) ?? options };
}

/**
 * @throws InputError for an option of another strategy than the one that is to search, and for options that contradict
 * each other, with the reason
 */
export function checkSearchOptions(settings: Settings, catalogue: Catalogue = builtIn): void {
  const { strategy, options } = chosenStrategy(settings, catalogue);
  for (const key of Object.keys(settings)) {
    const owners = strategiesWith(key, catalogue.strategies);
    if (owners.length === 0 || owners.includes(strategy.name)) continue;
    throw new InputError(
      `\`${key}\` is an option of the strategy ${owners.join(' and ')}, and ${strategy.name} is to search`,
      {
        code: 'option-of-another-strategy',
        where: `--${key}`,
        remedy: `leave it out, or give \`--strategy ${owners[0]}\``,
      },
    );
  }
  for (const { holds, keys, what, remedy } of strategy.contradictions ?? []) {
    if (holds(options))
      throw new InputError(what, {
        code: 'conflicting-settings',
        where: keys.map(key => `--${key}`).join(', '),
        remedy,
      });
  }
}
