import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { nearestNames } from '../core/nearest.ts';
import { defaultStrategy, strategies, strategyNamed } from '../search/strategies/strategies.ts';
import type { SearchStrategy } from '../search/strategies/strategy.ts';
import { spaceNames, spaces } from '../structure/spaces.ts';

/** A method to compare: an ordinary run with some settings of its own. */
export interface ComparedMethod {
  readonly name: string;
  /** What tables call it. */
  readonly label: string;
  /** Whether it searches a structure, or trains one that it is told. */
  readonly job: 'search' | 'train';
  /** Whether it spends the budget it is given; the others have a size of their own. */
  readonly budgeted: boolean;
  readonly settings: Settings;
  /** The key that gives its learning rate, where it is not everyone's. */
  readonly rateKey?: 'fine-tuning-lr';
}

function manual(method: NonNullable<Settings['method']>, label: string): ComparedMethod {
  return { name: method, label, job: 'train', budgeted: false, settings: { method } };
}

function rival(method: NonNullable<Settings['method']>, label: string): ComparedMethod {
  return { name: method, label, job: 'train', budgeted: true, settings: { method } };
}

function found(name: string, label: string, settings: Settings): ComparedMethod {
  return { name, label, job: 'search', budgeted: true, settings };
}

const ownMethods: readonly ComparedMethod[] = [
  found('found', 'S³Delta', {}),
  ...spaceNames.map(space => found(`found-${space}`, spaces[space].label, { space })),
  rival('random', 'random structure'),
  rival('best-of-random', 'best of random structures'),
  rival('tuned-lora', 'even LoRA, rate tuned'),
  { ...manual('fine-tuning', 'full fine-tuning'), rateKey: 'fine-tuning-lr' },
  manual('lora', 'LoRA (r = 8)'),
  manual('adapter', 'Adapter'),
  manual('low-rank-adapter', 'LR-Adapter'),
  manual('bitfit', 'BitFit'),
  manual('lnfit', 'LNFit'),
];

/** Every method that can be compared: those above, of which a new one is a line, and every other search strategy. */
export const comparedMethods: readonly ComparedMethod[] = [
  ...ownMethods,
  ...strategies
    .filter(({ name }) => ownMethods.every(method => method.name !== name))
    .map(({ name, label }) => found(name, label, { strategy: name })),
];

/** The strategy that a method searches by; for one that does not search, what its cost is measured by. */
export function strategyOf({ settings }: ComparedMethod): SearchStrategy {
  return settings.strategy === undefined ? defaultStrategy : strategyNamed(settings.strategy);
}

/** The method of that name. InputError, with the nearest names, where there is none. */
export function comparedMethod(name: string): ComparedMethod {
  const known = comparedMethods.find(method => method.name === name);
  if (known !== undefined) return known;
  const names = comparedMethods.map(method => method.name);
  const nearest = nearestNames(name, names, 3);
  throw new InputError(`there is no method \`${name}\` to compare`, {
    code: 'unknown-name',
    where: '--methods',
    remedy: nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : `the methods are ${names.join(', ')}`,
  });
}
