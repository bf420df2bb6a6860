import { isUtf8 } from 'node:buffer';
import { InputError } from '../core/errors.ts';
import { asReadError } from './file-errors.ts';

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
