import type { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import { nearestNames } from '../core/nearest.ts';
import { withHome } from './paths.ts';
import { type Settings, settingsSchemaFor } from './settings.ts';

/**
 * Checks keys and values of one source, a config file or the flags, by the names of a catalogue.
 *
 * @throws InputError for an unknown key (with the nearest name) and for a value a key cannot have
 */
export function parseSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): Settings {
  return parseKeys(settingsSchemaFor(catalogue), values, where);
}

/**
 * The same for any list of keys. `~` in paths becomes the home folder.
 *
 * @param where how an error names the source of a key, e.g. `config.yaml` or `--budget`
 * @throws InputError for an unknown key (with the nearest name) and for a value a key cannot have
 */
export function parseKeys<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  values: unknown,
  where: (key: string) => string,
): z.infer<z.ZodObject<Shape>> {
  const keys = Object.keys(schema.shape);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InputError('a config file is a list of `key: value` lines', {
      code: 'unreadable-config',
      where: where(''),
      remedy: 'write for example `task: rte` on a line of its own',
    });
  }
  for (const key of Object.keys(values)) {
    if (!keys.includes(key)) throw unknownKey(key, keys, where(key));
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return withHome(parsed.data);
  const issue = parsed.error.issues[0]!;
  const key = String(issue.path[0]);
  const value = (values as Record<string, unknown>)[key];
  const [nearest] = issue.code === 'invalid_value' ? nearestNames(String(value), issue.values.map(String)) : [];
  throw new InputError(`${JSON.stringify(value)} is no value for \`${key}\``, {
    code: 'unknown-value',
    where: where(key),
    remedy: `${nearest === undefined ? '' : `did you mean \`${nearest}\`? `}give ${expected(issue)}`,
  });
}

function unknownKey(key: string, keys: readonly string[], where: string): InputError {
  const [nearest] = nearestNames(key, keys);
  return new InputError(`there is no key \`${key}\``, {
    code: 'unknown-key',
    where,
    remedy: nearest === undefined ? `the keys are ${keys.join(', ')}` : `did you mean \`${nearest}\`?`,
  });
}

/** What would have been right, in words, for the few checks that the schema makes. */
function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'a text that is not empty';
      return `a number ${issue.inclusive ? 'not below' : 'above'} ${issue.minimum}`;
    case 'too_big':
      return `a number ${issue.inclusive ? 'not above' : 'below'} ${issue.maximum}`;
    case 'invalid_type':
      return (
        { int: 'a whole number', number: 'a number', boolean: 'true or false' }[issue.expected as string] ??
        issue.expected
      );
    default:
      return 'a text or a number';
  }
}

const units: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * Reads an amount of memory: `4GB`, `3.5 GiB`, `900MB`.
 * @throws InputError where it cannot be read or is nothing
 */
export function parseBytes(text: string, where: string): number {
  const [, digits, unit] = /^\s*(\d*\.?\d+)\s*([MGT]i?B)\s*$/i.exec(text) ?? [];
  const value = Number(digits) * (units[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (value > 0) return Math.floor(value);
  throw new InputError(`"${text}" is no amount of memory`, {
    code: 'unknown-value',
    where,
    remedy: 'write for example 4GB or 900MB',
  });
}
