import { z } from 'zod';

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
