import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { shellWord, shellWords } from '../core/format.ts';
import { isTaskFile } from '../tasks/task-places.ts';

/** Where an experiment was summed up: what paths in its file, and in the commands that it proposes, start from. */
const origin = z.object({
  /** The working folder then. */
  workingFolder: z.string(),
  /** The experiment's own, as it was named there. */
  folder: z.string(),
});

export type Origin = z.output<typeof origin>;

/** An older version has written none. */
export const originRecord = origin.optional();

export const originOf = (folder: string): Origin => ({ workingFolder: process.cwd(), folder });

/** Puts what an experiment's file says into words that hold here, where the experiment's folder may be another one. */
export interface Placing {
  /** A path that lies in the experiment's folder. */
  path(written: string): string;
  command(written: string): string;
}

/** @param folder the experiment's, as it is named now */
export function placingOf(made: Origin | undefined, folder: string): Placing {
  if (made === undefined) return { path: written => written, command: written => written };
  const before = resolve(made.workingFolder, made.folder);
  const isHere = made.workingFolder === process.cwd() && before === resolve(folder);
  const now = isHere ? made.folder : nameable(folder);
  /** @param ends what may come after the folder's own name */
  const placed = (written: string, ends: readonly string[]) => {
    const path = resolve(made.workingFolder, written);
    const rest = path.slice(before.length);
    const isOurs = path.startsWith(before) && (rest === '' || ends.some(end => rest.startsWith(end)));
    return isOurs ? `${now}${rest}` : nearer(written, path);
  };
  const path = (written: string) => placed(written, [sep]);
  // A new folder stands beside it: `runs/x-longer`.
  const out = (written: string) => placed(written, [sep, '-']);
  return { path, command: isHere ? written => written : written => placedCommand(written, { path, out }) };
}

function placedCommand(written: string, { path, out }: Record<'path' | 'out', (written: string) => string>): string {
  const [program, name, ...words] = shellWords(written) as [string, string, ...string[]];
  const placed = words.map((word, i) => {
    const before = words[i - 1] ?? '';
    if (word.startsWith('--')) return word;
    if (before === '--out') return out(word);
    if (before === '--structure' || !before.startsWith('--')) return path(word);
    // Of tasks and methods some are files; the others may be called as a folder is.
    return word
      .split(',')
      .map(part => (isFile(part) ? path(part) : part))
      .join(',');
  });
  return [program, name, ...placed].map(shellWord).join(' ');
}

/** Tasks and structures of a user's own. */
const isFile = (word: string) => isTaskFile(word) || /\.json$/i.test(word);

/** A path from here, where it started from another folder. */
const nearer = (written: string, path: string) => (isAbsolute(written) ? written : relative('', path) || '.');

/** A folder by a path that can be made longer: `runs/x-longer` is another folder, `.-longer` none that is meant. */
export function nameable(folder: string): string {
  const last = basename(folder);
  return last === '' || last === '.' || last === '..' ? resolve(folder) : folder.replace(/[/\\]+$/, '');
}
