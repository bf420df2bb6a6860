import { basename, dirname } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { bilevel } from '../search/strategies/bilevel/bilevel.ts';
import type { SearchStrategy } from '../search/strategies/strategy.ts';
import type { Space } from '../structure/spaces.ts';

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
  /** The strategy that it searches by; for one that does not search, whose options its settings may have. */
  readonly strategy: SearchStrategy;
  /** The key that gives its learning rate, where it is not everyone's. */
  readonly rateKey?: 'fine-tuning-lr';
}

function found(name: string, label: string, strategy: SearchStrategy, own: Settings = {}): ComparedMethod {
  return { name, label, job: 'search', budgeted: true, settings: { ...own, strategy: strategy.name }, strategy };
}

/** The search that is compared where nothing is said, in the space that is given. */
export const defaultSearch = 'found';

/**
 * Every method that can be compared: a search in the given space and one in each, every method that trains what it is
 * told, and every search strategy by its name.
 * @param search the strategy of the first ones: the default, unless the options that are given mean another
 */
export function comparedMethods(
  { spaces, methods, strategies }: Catalogue = builtIn,
  search: SearchStrategy = strategies[0]!,
): readonly ComparedMethod[] {
  // The paper has a name for its search in each space.
  const labelIn = (space: string, { label }: Space) =>
    search.name === bilevel.name ? label : `${search.label}, ${space}`;
  const own: ComparedMethod[] = [
    found(defaultSearch, search.label, search),
    ...Object.entries(spaces).map(([name, space]) =>
      found(`${defaultSearch}-${name}`, labelIn(name, space), search, { space: name }),
    ),
    ...Object.entries(methods).map(
      ([method, { label, budgeted, trainsAllWeights }]): ComparedMethod => ({
        ...{ name: method, label, job: 'train', budgeted, settings: { method }, strategy: search },
        ...(trainsAllWeights && { rateKey: 'fine-tuning-lr' }),
      }),
    ),
  ];
  const others = strategies.filter(({ name }) => own.every(method => method.name !== name));
  return [...own, ...others.map(strategy => found(strategy.name, strategy.label, strategy))];
}

/**
 * The method of that name, or the training of that structure file. InputError, with the nearest names, where there is
 * none.
 * @param search as `comparedMethods` has it
 */
export function comparedMethod(
  name: string,
  catalogue: Catalogue = builtIn,
  search: SearchStrategy = catalogue.strategies[0]!,
): ComparedMethod {
  const all = comparedMethods(catalogue, search);
  const known = all.find(method => method.name === name);
  if (known !== undefined) return known;
  if (/\.json$/i.test(name)) return structureRow(name, search);
  const names = all.map(method => method.name);
  const nearest = nearestNames(name, names, 3);
  throw new InputError(`there is no method \`${name}\` to compare`, {
    code: 'unknown-name',
    where: '--methods',
    remedy:
      nearest.length > 0
        ? `did you mean ${nearest.join(' or ')}?`
        : `the methods are ${names.join(', ')}; a structure of yours is a file whose name ends in .json`,
  });
}

/** The training of what a structure file keeps. Files of runs are called after their folder. */
function structureRow(file: string, strategy: SearchStrategy): ComparedMethod {
  if (!isThere(file)) {
    throw new InputError('there is no such structure file', {
      code: 'missing-file',
      where: file,
      remedy: 'give the structure.json of a run folder, or one of your own',
    });
  }
  const own = basename(file).replace(/\.json$/i, '');
  const name = own === 'structure' ? `${basename(dirname(file))}.structure` : own;
  return { name, label: name, job: 'train', budgeted: false, settings: { structure: file }, strategy };
}
