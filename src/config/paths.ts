import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { expandHome } from '../files/folders.ts';
import { builtInModel } from '../models/built-in.ts';
import { isTaskFile } from '../tasks/task-places.ts';

/** Keys whose values may be paths of what is read: relative to the working folder, as on the command line. */
const pathKeys: readonly string[] = ['model', 'task', 'data', 'structure', 'from', 'plugins', 'prior'];

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
