import { createHash } from 'node:crypto';
import { InputError } from '../core/errors.ts';
import { readJson } from './structured-text.ts';

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
