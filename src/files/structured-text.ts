import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { InputError } from '../core/errors.ts';
import { readBytes } from './regular-file.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * Text of a UTF-8 file the user named. A missing or unreadable one, or another encoding, is an InputError that says
 * which.
 */
export async function readTextFile(path: string): Promise<string> {
  return decodeUtf8(await readBytes(path), path);
}

/** Parsed JSON of a file, not validated further. InputError where it is missing or is no JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readBytes(path), path);
}

/** The same of its bytes. */
export function parseJson(bytes: Buffer, path: string): unknown {
  const text = decodeUtf8(bytes, path);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InputError(`not valid JSON (${(cause as Error).message})`, {
      code: 'invalid-json',
      where: path,
      remedy: 'the file may be cut off: download or write it again',
      cause,
    });
  }
}

export interface YamlText {
  /** Keeps what a plain object loses: the order of keys that look like numbers. */
  readonly document: Document;
  /** The content as plain values, aliases resolved; null where there is none. */
  readonly value: unknown;
  /** The line where a node of the document begins, from 1; undefined for what is none. */
  lineOf(node: unknown): number | undefined;
}

/**
 * Parses YAML. InputError with file and line where it is none, or is more than keys, values and lists of bounded depth.
 * @param schema `failsafe` leaves every value and key the text it is written as, also 0.0, True and null
 */
export function parseYaml(text: string, path: string, schema: 'core' | 'failsafe' = 'core'): YamlText {
  try {
    const lineCounter = new LineCounter();
    // What is wrong is thrown; nothing is printed.
    const document = parseDocument(text, { logLevel: 'error', schema, lineCounter });
    const [problem] = document.errors;
    if (problem === undefined) {
      const lineOf = (node: unknown) =>
        isNode(node) && node.range ? lineCounter.linePos(node.range[0]).line : undefined;
      return { document, value: toValue(document), lineOf };
    }
    throw new InputError(`not valid YAML: ${problem.message.split('\n')[0]}`, {
      code: 'invalid-yaml',
      where: problem.linePos ? `${path}:${problem.linePos[0].line}` : path,
      remedy: 'mend that line',
      cause: problem,
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`not usable YAML: ${(cause as Error).message}`, {
      code: 'invalid-yaml',
      where: path,
      remedy: 'write plain keys, less nesting, and aliases after their anchors',
      cause,
    });
  }
}

function toValue(document: Document): unknown {
  visit(document, {
    // The parser would write such a key out as text, each level of it several times over.
    Pair(_, { key }) {
      if (key !== null && !isScalar(key)) throw new RangeError('a key is no plain text');
    },
  });
  return document.toJS();
}

/** Where the package's JSON Schemas lie, two folders up both from `src/` and from `dist/`. */
const folder = fileURLToPath(new URL('../../schema', import.meta.url));

/**
 * First line of a YAML file that is to be written to `path`: editors complete and check it by the schema named there.
 */
export function schemaLine(path: string, schema: 'config' | 'task'): string {
  const target = relative(dirname(resolve(path)), resolve(folder, `${schema}.schema.json`));
  return `# yaml-language-server: $schema=${target.replaceAll('\\', '/')}`;
}
