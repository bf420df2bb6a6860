import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { escapePattern } from '../../core/format.ts';

/**
 * Files below a folder whose path fits a pattern, in the order of their names: `train-*.parquet` finds every shard. A
 * `*` stands for any characters of one file's or folder's name, but for a point at its beginning, which hides it
 * (`.ipynb_checkpoints` holds old copies). A folder that does not exist holds none.
 * @returns paths that begin with `folder`
 */
export function findFiles(folder: string, pattern: string): string[] {
  const [first, ...rest] = pattern.split(/[/\\]/);
  const paths = matching(folder, first!).map(name => join(folder, name));
  if (rest.length > 0) return paths.flatMap(path => findFiles(path, rest.join('/')));
  return paths.filter(path => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** Whether a path, written with `/`, fits such a pattern. */
export function fitsPattern(path: string, pattern: string): boolean {
  const names = pattern.split('/').map(name => {
    const letters = name.split('*').map(escapePattern).join('[^/]*');
    return name.startsWith('*') ? `(?!\\.)${letters}` : letters;
  });
  return new RegExp(`^${names.join('/')}$`).test(path);
}

function matching(folder: string, pattern: string): string[] {
  if (!pattern.includes('*')) return existsSync(join(folder, pattern)) ? [pattern] : [];
  try {
    return readdirSync(folder)
      .filter(name => fitsPattern(name, pattern))
      .sort();
  } catch {
    return [];
  }
}
