import { z } from 'zod';
import { nearestNames } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import { bestOfRandom } from './best-of-random.ts';
import { bilevel } from './bilevel/bilevel.ts';
import { randomSearch } from './random-search.ts';
import { sensitivity } from './sensitivity.ts';
import type { SearchStrategy } from './strategy.ts';

/** Every strategy; the first is the one that is used where none is named. A new one is a word here. */
export const strategies = [sensitivity, bilevel, randomSearch, bestOfRandom] as const;

/**
 * The strategy where none is named: as good as the paper's over four tasks and the demo's, for two thirds of its cost
 * (docs/measured/found-or-random.md).
 */
export const defaultStrategy: SearchStrategy = strategies[0];

type Strategy = (typeof strategies)[number];
/** Name of a strategy of the package, as `--strategy` takes it. */
export type StrategyName = Strategy['name'];
/** Options that a comparison may vary, of all strategies. */
export type VariedOption = Strategy['varied'][number];

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (each: infer All) => void
  ? All
  : never;
type Undefaulted<Schema> = Schema extends z.ZodDefault<infer Inner> ? z.ZodOptional<Inner> : Schema;
type AllOptions = Intersection<Strategy['options']['shape']>;

/** Options of all strategies as keys that may be left out. */
export type OptionKeys = { readonly [Key in keyof AllOptions]: Undefaulted<AllOptions[Key]> };

/** Strategies, the one that is used where none is named first. */
export type Strategies = readonly SearchStrategy[];

const builtIn = strategies as unknown as Strategies;

/** The options of all strategies as keys of a config file: what is left out is filled in by their strategy. */
export function optionKeysOf(known: Strategies = builtIn): OptionKeys {
  const keys = new Map<string, z.ZodType>();
  for (const { name: strategy, options } of known) {
    for (const [name, schema] of Object.entries<z.ZodType>(options.shape)) {
      // Of several that share an option, the first says what it is.
      if (!keys.has(name)) keys.set(name, asKey(schema, strategy, known));
    }
  }
  return Object.fromEntries(keys) as OptionKeys;
}

/** What `--help` says that an option is where it is left out. */
export function usualOptionsOf(known: Strategies = builtIn): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...known.map(({ options, usually }) => ({ ...usually, ...defaultsOf(options) })));
}

/** Options that a comparison may vary. */
export function variedOptionsOf(known: Strategies = builtIn): readonly VariedOption[] {
  return known.flatMap(({ varied }) => varied as readonly VariedOption[]);
}

/** The strategy of that name. InputError, with the nearest names, where there is none. */
export function strategyNamed(name: string, all: Strategies = builtIn): SearchStrategy {
  const known = all.find(strategy => strategy.name === name);
  if (known !== undefined) return known;
  const names = all.map(strategy => strategy.name);
  const [nearest] = nearestNames(name, names);
  throw new InputError(`there is no search strategy \`${name}\``, {
    code: 'unknown-name',
    where: '--strategy',
    remedy: `${nearest === undefined ? '' : `did you mean \`${nearest}\`? `}the strategies are ${names.join(', ')}`,
  });
}

/** The strategy that is meant where none is named: the first that has all the options that are given. */
export function strategyMeant(keys: readonly string[], known: Strategies = builtIn): SearchStrategy {
  const options = keys.filter(key => strategiesWith(key, known).length > 0);
  return known.find(({ options: { shape } }) => options.every(key => Object.hasOwn(shape, key))) ?? known[0]!;
}

/** Names of the strategies that have an option. */
export function strategiesWith(option: string, known: Strategies = builtIn): readonly string[] {
  return known.filter(({ options }) => Object.hasOwn(options.shape, option)).map(({ name }) => name);
}

/** An option as a key that may be left out. That of another strategy than the usual says whose it is. */
function asKey(schema: z.ZodType, strategy: string, [usual]: Strategies): z.ZodType {
  const inner = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType).optional() : schema;
  const { description, ...help } = schema.meta()!;
  const owned = strategy === usual!.name ? description : `${strategy}: ${description}`;
  return inner.meta({ ...help, description: owned! });
}

function defaultsOf({ shape }: z.ZodObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, schema]) =>
      schema instanceof z.ZodDefault ? [[name, schema.def.defaultValue]] : [],
    ),
  );
}
