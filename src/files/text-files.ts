import { isUtf8 } from 'node:buffer';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { InputError } from '../core/errors.ts';
import { asReadError } from './file-errors.ts';
import { readBytes } from './regular-file.ts';

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

/**
 * A file's content as text, a byte-order mark included. Other encodings are refused: what is no UTF-8 would silently
 * become U+FFFD.
 * @throws InputError with file and line
 */
export function decodeUtf8(bytes: Buffer, file: string): string {
  if (!isUtf8(bytes)) throw notUtf8(bytes, file, findFault(bytes).line);
  try {
    return bytes.toString('utf8');
  } catch (error) {
    throw asReadError(file, error);
  }
}

/**
 * The same for a stream, piece by piece; characters may be cut between its chunks. The lines before a fault come before
 * it is thrown.
 * @param name of the stream, for messages
 */
export async function* decodeUtf8Stream(chunks: AsyncIterable<Buffer | string>, name: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, Buffer.from(chunk)]);
    const end = endOfCharacters(bytes);
    rest = bytes.subarray(end);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) {
      const fault = findFault(whole);
      yield whole.toString('utf8', 0, fault.begin);
      throw notUtf8(bytes, name, line + fault.line - 1);
    }
    const piece = whole.toString('utf8');
    line += piece.split('\n').length - 1;
    yield piece;
  }
  if (rest.length > 0) throw notUtf8(rest, name, line);
}

/** Where a character begins of which the last bytes are still to come; the length where there is none. */
function endOfCharacters(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
    const byte = bytes[at]!;
    if (byte < 0x80) break;
    // The first byte of a character says how many it has; those after it begin with the bits 10.
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : undefined;
    if (length !== undefined) return at + length > bytes.length ? at : bytes.length;
  }
  return bytes.length;
}

/** The first line that is no UTF-8: where it begins, and its number from 1. */
function findFault(bytes: Buffer): { begin: number; line: number } {
  for (let [begin, line] = [0, 1]; ; line++) {
    const end = bytes.indexOf('\n', begin);
    if (end < 0 || !isUtf8(bytes.subarray(begin, end))) return { begin, line };
    begin = end + 1;
  }
}

const UTF16_MARKS = ['fffe', 'feff'];

function notUtf8(bytes: Buffer, file: string, line: number): InputError {
  const isUtf16 = line === 1 && UTF16_MARKS.includes(bytes.toString('hex', 0, 2));
  const remedy = `save it as UTF-8 (in Excel: "CSV UTF-8"; or by iconv -f ${isUtf16 ? 'UTF-16' : 'CP1252'} -t UTF-8)`;
  if (isUtf16) return new InputError('this is UTF-16, not UTF-8', { code: 'not-utf8', where: file, remedy });
  if (bytes.includes(0)) {
    return new InputError('this is no text in UTF-8: it holds bytes of zero, as workbooks, pictures and archives do', {
      code: 'wrong-kind-of-file',
      where: file,
      remedy: 'give a text file; a sheet of a workbook is saved as "CSV UTF-8" first',
    });
  }
  return new InputError('this line is not UTF-8', { code: 'not-utf8', where: `${file}:${line}`, remedy });
}
