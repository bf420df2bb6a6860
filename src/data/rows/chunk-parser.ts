import { addAbortSignal, Readable } from 'node:stream';
import { decodeUtf8Stream } from '../../files/utf8.ts';

/**
 * Cuts text that comes piece by piece. Gives what has become whole with a piece; with the last one, which may be empty,
 * what is left. It keeps its place, so one cutter is for one text.
 */
export type Cutter<T> = (piece: string, isLast: boolean) => Iterable<T>;

/** A line without its end, and its number from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** Lines end in \n or \r\n, and nowhere else: in JSON and in tsv a bare \r or U+2028 is data. */
export function lineCutter(): Cutter<TextLine> {
  let rest = '';
  let line = 0;
  return function* (piece, isLast) {
    const parts = piece.split('\n');
    parts[0] = rest + parts[0]!;
    rest = isLast && parts.at(-1) !== '' ? '' : parts.pop()!;
    for (const part of parts) yield { line: ++line, text: part.endsWith('\r') ? part.slice(0, -1) : part };
  };
}

/** Bytes of a text in UTF-8 as they come: a stream of Node or of the web, or what a generator yields. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** All that a cutter makes of a text that is there. */
export function cutText<T>(text: string, cutter: Cutter<T>): T[] {
  return [...cutter(withoutMark(text), true)];
}

/**
 * What a cutter makes of a stream of UTF-8, read as it is needed. The stream is destroyed at the end.
 * @param name of the stream, for messages
 * @throws InputError with name and line where it is no UTF-8, and an AbortError where the signal has aborted, also
 * while it waits for more
 */
export async function* cutStream<T>(
  stream: ByteStream,
  name: string,
  cutter: Cutter<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  let isFirst = true;
  const pieces = stream instanceof Readable ? stream : Readable.from(stream);
  try {
    if (signal) addAbortSignal(signal, pieces);
    for await (const piece of decodeUtf8Stream(pieces, name)) {
      if (piece === '') continue;
      yield* cutter(isFirst ? withoutMark(piece) : piece, false);
      isFirst = false;
    }
    yield* cutter('', true);
  } finally {
    pieces.destroy();
  }
}

/** Windows marks UTF-8 files at their beginning. */
const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');
