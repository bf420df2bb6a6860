import leven from 'leven';
import { z } from 'zod';
import { InputError } from './errors.ts';

/**
 * Makes sure that a function of the library is handed what its type says: not everyone who calls it compiles.
 * @param where the function and its argument, for the message: `loadTaskData(task, options)`
 * @param schema what is needed; the `error` of each of its parts says what to give, in words
 * @throws InputError naming the part that is wrong, its value, and what to give
 */
export function checkArgument(where: string, schema: z.ZodType, value: unknown): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const { path, message } = parsed.error.issues[0]!;
  const wrong = path.reduce<unknown>((of, key) => (of as Record<PropertyKey, unknown>)[key], value);
  const name = path.length === 0 ? '' : ` for \`${path.join('.')}\``;
  throw new InputError(wrong === undefined ? `nothing is given${name}` : `${shown(wrong)} is no value${name}`, {
    code: 'bad-argument',
    where,
    remedy: `give ${message}`,
  });
}

/** In short: an object may be a whole model. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return `{ ${Object.keys(value).slice(0, 5).join(', ')} }`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The names most like `name`, best first; none where all of them are too far to be a slip of the pen. */
export function nearestNames(name: string, names: readonly string[], count = 1): string[] {
  const wanted = name.toLowerCase();
  return names
    .map(candidate => ({ candidate, distance: leven(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(2, Math.ceil(Math.max(wanted.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Refuses a name that a list does not have: with the nearest one that it has, and the list. */
export function unknownName(what: string, name: string, names: readonly string[], where?: string): InputError {
  const [nearest] = nearestNames(name, names);
  const question = nearest === undefined ? '' : `did you mean "${nearest}"? `;
  return new InputError(`unknown ${what} "${name}"`, {
    code: 'unknown-name',
    where,
    remedy: `${question}use one of: ${names.join(', ')}`,
  });
}

// Keys of config files, which are flags of the command line by the same names: what settings and the options of
// search strategies are made of.

export const positiveInteger = z.coerce.number().int().positive();
export const positive = z.coerce.number().positive();
/** A learning rate: far above any that trains, so that a slip of the pen is told before a run has diverged. */
export const rate = positive.max(100);
/** Examples at once: far above what any memory holds. */
export const batchCount = positiveInteger.max(100_000);
/** Steps, passes, tokens: what ends within a life. */
export const largeCount = positiveInteger.max(1_000_000_000);
/** Seeds, structures, draws: each is a training of its own at least, and all of them are listed at once. */
export const mostTrainings = 1000;
export const trainingCount = positiveInteger.max(mostTrainings);
/** Processes or threads at once: far more than any machine does, and few enough to be begun. */
export const workerCount = positiveInteger.max(1024);
/** YAML reads `true`; a flag arrives as a boolean too. */
export const flag = z.boolean();

/** What `--help` says of a key, beside its description. */
export interface KeyHelp {
  /** Placeholder of the value, e.g. `FOLDER`. */
  readonly hint?: string;
  /** Said for a boolean that is on unless switched off by `--no-…`. */
  readonly off?: string;
  /** Heading that `--help` lists it under, where there are many (`inGroup`). */
  readonly group?: string;
}

/** Keys that `--help` lists under one heading. */
export function inGroup<Keys extends Readonly<Record<string, z.ZodType>>>(group: string, keys: Keys): Keys {
  const grouped = Object.entries(keys).map(([name, schema]) => [name, schema.meta({ ...schema.meta(), group })]);
  return Object.fromEntries(grouped) as Keys;
}

/** A key that may be left out. */
export function key<T extends z.ZodType>(schema: T, description: string, help: KeyHelp = {}) {
  return schema.optional().meta({ description, ...help });
}

/** A key that has this value where it is left out. */
export function keyWithDefault<T extends z.ZodType>(
  schema: T,
  value: z.output<T>,
  description: string,
  help: KeyHelp = {},
): z.ZodDefault<T> {
  return schema.default(value as never).meta({ description, ...help });
}

/** A list in YAML, words with commas between them on the command line, or a single value. */
export function list<T extends z.ZodType>(item: T) {
  const split = (given: unknown) =>
    typeof given === 'string' ? given.split(',').map(word => word.trim()) : Array.isArray(given) ? given : [given];
  return z.preprocess(given => (given === undefined ? undefined : split(given)), z.array(item).min(1).optional());
}
