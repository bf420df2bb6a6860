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

/**
 * What the settings say of how to search.
 * @throws InputError for an unknown strategy, an option of another one, and options that contradict each other
 */
export function chosenStrategy(settings: Settings, { strategies }: Catalogue = builtIn): ChosenStrategy {
  const strategy = strategyNamed(settings.strategy ?? strategies[0]!.name, strategies);
  requireOwnOptions(Object.keys(settings), strategy, strategies);
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
    throw new InputError(`\`${key}\` is an option of the strategy ${owners.join(' and ')}, and ${name} is to search`, {
      code: 'option-of-another-strategy',
      where: `--${key}`,
      remedy: `leave it out, or give \`--strategy ${owners[0]}\``,
    });
  }
}
