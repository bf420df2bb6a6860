import { readdirSync } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../core/errors.ts';
import { readTextFile } from '../files/text-files.ts';

/** Shorter paths and names stand in any text. */
const shortest = 4;
/** What a name of a machine has and a word has not: one called `test` is nobody's secret. */
const unlikeWord = /[\d.-]/;

/** Files that this program writes or changes; a vocabulary holds any word, and weights hold none. */
const looked = /^(README\.md|s3delta\.json|structure\.svg|.*config\.json)$/;

const tokens = /\bhf_[A-Za-z0-9]{16,}/;
/** A value that is a path from the root, in a JSON file. */
const absolutePath = /"(?:\/[^"/\s]+){2,}\/?"|"[A-Za-z]:\\\\[^"]*"/;

/**
 * Looks over a folder that is to be published for what is nobody's business: a token, a path of this machine, its name
 * or its user's.
 * @param paths that the run was made with
 * @throws InputError naming the file, and what is in it
 */
export async function requireNothingPrivate(folder: string, paths: readonly string[]): Promise<void> {
  const words: [what: string, word: string][] = [
    ...[homedir(), process.cwd(), tmpdir(), ...paths].map((path): [string, string] => ['a path', resolve(path)]),
    ['the name of this machine', unlikeWord.test(hostname()) ? hostname() : ''],
    ['the name of a user', `/${userInfo().username}/`],
    ['the name of a user', `${userInfo().username}@`],
    ['a token', process.env.HF_TOKEN?.trim() ?? ''],
  ];
  for (const name of readdirSync(folder).filter(each => looked.test(each))) {
    const text = await readTextFile(join(folder, name));
    const [what] =
      words.find(([, word]) => word.length >= shortest && holdsWord(text, word)) ??
      (tokens.test(text) ? ['a token'] : name.endsWith('.json') && absolutePath.test(text) ? ['a path'] : []);
    if (what === undefined) continue;
    throw new InputError(`this would publish ${what}`, {
      code: 'private-content',
      where: name,
      remedy: 'take it out of the names of task and labels, the template, or the config.json of the base',
    });
  }
}

/** Whether a word stands there by itself: a folder `/data/film` is not told by `/data/films`. */
function holdsWord(text: string, word: string): boolean {
  const joins = (outer: string | undefined, inner: string | undefined) => /^\w\w$/.test(`${outer}${inner}`);
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const end = at + word.length;
    if (!joins(text[at - 1], word[0]) && !joins(word.at(-1), text[end])) return true;
  }
  return false;
}
