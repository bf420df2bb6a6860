import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { expandHome } from '../files/folders.ts';
import { builtInModel } from '../models/built-in.ts';
import { isTaskFile } from '../tasks/task-places.ts';
import { searchByTraining } from '../training/stage.ts';
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
  const [nearest] = nearestNames(String(value), wordsOf(issue));
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

/** The words of which one was expected, alone or beside other kinds of values. */
function wordsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(wordsOf);
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

/** What would have been right, in words, for the few checks that the schema makes. */
function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'invalid_union':
      // What may be a text and what may be a number is told by neither.
      if (wordsOf(issue).length === 0) return 'a text or a number';
      return issue.errors.flatMap(([first]) => (first === undefined ? [] : [expected(first)])).join(' or ');
    case 'too_small':
      if (issue.origin === 'string') return 'a text that is not empty';
      if (issue.origin === 'array') return `${issue.minimum} at least`;
      return `a number ${issue.inclusive ? 'not below' : 'above'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `${issue.maximum} at most`;
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

/** Keys whose values may be paths of what is read: relative to the working folder, as on the command line. */
const pathKeys: readonly string[] = ['model', 'task', 'data', 'structure', 'from', 'plugins'];

/** Keys whose values may be paths of what is read or written. */
export const homeKeys: readonly string[] = [...pathKeys, 'out'];

/** `~` before a path is the home folder, in keys from any source. */
export function withHome<Keys extends object>(keys: Keys): Keys {
  return mapTexts(keys, key => [...homeKeys, 'methods'].includes(key), expandHome);
}

/** Keys read from a config file: a relative path means what lies beside the file, or else in the working folder. */
export function fromConfigFile<Keys extends object>(keys: Keys, file: string): Keys {
  return mapPaths(keys, path => {
    const beside = join(dirname(file), path);
    return !isAbsolute(path) && existsSync(beside) ? beside : path;
  });
}

/**
 * Flags over what a config file says. Passes that a flag gives say how long a search is, where the file leaves that to
 * its training.
 */
export function withFlags<Keys extends Pick<Settings, 'epochs' | 'search-steps'>>(file: Keys, flags: Keys): Keys {
  const { 'search-steps': steps, ...others } = file;
  return flags.epochs !== undefined && steps === searchByTraining
    ? ({ ...others, ...flags } as Keys)
    : { ...file, ...flags };
}

/** The inverse, for a config file that is to be written. */
export function toConfigFile<Keys extends object>(keys: Keys, file: string): Keys {
  const folder = resolve(dirname(file));
  if (folder === process.cwd()) return keys;
  return mapPaths(keys, path => {
    if (isAbsolute(path) || !existsSync(path)) return path;
    const beside = relative(folder, path).replaceAll('\\', '/');
    // Without the dot `models/t5` might be taken for a name on the Hub.
    return beside.startsWith('.') || isAbsolute(beside) ? beside : `./${beside}`;
  });
}

/** Keys with the paths of what is there made absolute: they mean the same in any working folder. */
export function withAbsolutePaths<Keys extends object>(keys: Keys): Keys {
  return mapPaths(keys, path => (existsSync(path) ? resolve(path) : path));
}

function mapPaths<Keys extends object>(keys: Keys, move: (path: string) => string): Keys {
  return mapTexts(keys, mayBePath, move);
}

function mapTexts<Keys extends object>(
  keys: Keys,
  isMeant: (key: string, value: string) => boolean,
  move: (path: string) => string,
): Keys {
  const moved = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(each => moved(key, each));
    return typeof value === 'string' && isMeant(key, value) ? move(value) : value;
  };
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, moved(key, value)])) as Keys;
}

/** What comes with the package is meant by its name, whatever lies there. */
function mayBePath(key: string, value: string): boolean {
  if (key === 'task') return isTaskFile(value);
  // Among the methods to compare are structure files.
  if (key === 'methods') return /\.json$/i.test(value);
  return pathKeys.includes(key) && !(key === 'model' && builtInModel(value) !== undefined);
}
