import { createHash, type Hash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { hashFile } from './check-once.ts';
import { rememberedHash } from './checkpoint-files.ts';
import { isThere, readBytes, readBytesSync } from './regular-file.ts';
import { parseJson, readJson } from './text-files.ts';

/**
 * Whoever has ended work in a folder notes the hashes of its files in one file beside them, under `files`: those of
 * text carry none of themselves, and that of tensors does not say which folder it is of. What is noted there is checked
 * wherever it is read. While somebody works there, nothing is noted.
 */
export const NOTES = 'outcome.json';

const notes = z.looseObject({ files: z.record(z.string(), z.string()).optional() });

/** SHA-256 of those of a folder's files that are there, by name, to be noted. @throws InputError for what is no file */
export async function hashesOf(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const there = names.filter(name => isThere(join(folder, name)));
  return Object.fromEntries(await Promise.all(there.map(async name => [name, await hashFile(join(folder, name))])));
}

/** What is noted of a folder's files, by name. @throws InputError where the notes cannot be read */
export function notedHashes(folder: string): Readonly<Record<string, string>> {
  const path = join(folder, NOTES);
  if (!isThere(path)) return {};
  try {
    return notes.parse(JSON.parse(readBytesSync(path).toString())).files ?? {};
  } catch (cause) {
    // Whoever goes on there removes it.
    if (!isThere(path)) return {};
    throw new InputError('this file says how the run has ended, with hashes of its files, and cannot be read', {
      code: 'damaged-file',
      where: path,
      remedy: 'copy it again from where it is whole; or remove it, and nothing is compared any more',
      cause,
    });
  }
}

/**
 * Makes sure that a file is what it was when its hash was noted; where none is, nothing is asked.
 * @param content its bytes, or a hash that has taken them
 * @throws InputError where it has changed since, or the notes cannot be read
 */
export function requireAsNoted(file: string, content: Uint8Array | Hash): void {
  const then = notedHashOf(file);
  if (then === undefined) return;
  requireSame(
    file,
    then,
    (content instanceof Uint8Array ? createHash('sha256').update(content) : content).digest('hex'),
  );
}

/** The same of a file that may be large: it is read through once for each state of it. */
export async function requireFileAsNoted(file: string): Promise<void> {
  const then = notedHashOf(file);
  if (then !== undefined) requireSame(file, then, await rememberedHash(file));
}

const notedHashOf = (file: string): string | undefined => notedHashes(dirname(file))[basename(file)];

function requireSame(file: string, then: string, now: string): void {
  // A process that goes on there meanwhile takes its notes away before it changes anything.
  if (now === then || notedHashOf(file) !== then) return;
  const whose = 'it was changed, or is of another run';
  throw new InputError(`its content is not what was written: ${NOTES} beside it notes another hash (${whose})`, {
    code: 'damaged-file',
    where: file,
    remedy:
      `copy it again from where it is whole; if it was changed on purpose, remove ${NOTES}: nothing is ` +
      'compared then',
  });
}

/** Whether a file is there. @throws InputError where it is noted, and so has been lost */
export function isThereIfNoted(file: string): boolean {
  if (isThere(file)) return true;
  if (notedHashes(dirname(file))[basename(file)] === undefined || isThere(file)) return false;
  throw new InputError(`the run has written this file, as ${NOTES} beside it notes, and it is not there any more`, {
    code: 'missing-file',
    where: file,
    remedy: `copy it again from where it is whole; or remove ${NOTES}, and the file is not asked for`,
  });
}

/** Parsed JSON of a file that is as it was noted. @throws InputError as `readJson` and `requireAsNoted` */
export async function readNotedJson(file: string): Promise<unknown> {
  const bytes = await readBytes(file);
  requireAsNoted(file, bytes);
  return parseJson(bytes, file);
}

/**
 * A JSON document that stands alone carries a hash of itself, as its last key: of the document without that key, as
 * `JSON.stringify` writes it, so that blanks and line ends do not count.
 */
const SEAL = 'sha256OfThis';

/** The document's text, with its hash. */
export function sealedJson(document: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...document, [SEAL]: hashOf(document) }, null, 2)}\n`;
}

/**
 * Content of a JSON file, without its hash; one that has none, of an earlier version or another program, is read as it
 * is.
 * @throws InputError where it has changed since it was written, and as `readJson`
 */
export async function readSealedJson(file: string): Promise<unknown> {
  const content = await readJson(file);
  if (typeof content !== 'object' || content === null || !(SEAL in content)) return content;
  const { [SEAL]: noted, ...document } = content as Record<string, unknown>;
  if (hashOf(document) === noted) return document;
  throw new InputError(`its content is not what was written: \`${SEAL}\` in it is of another`, {
    code: 'damaged-file',
    where: file,
    remedy: `copy it from where it is whole, or make it again; if the change was meant, remove \`${SEAL}\` from it`,
  });
}

/** Of what can be read back: values without a place in JSON are left out, or null. */
function hashOf(document: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex');
}
