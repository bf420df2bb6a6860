import { addAbortSignal, Readable } from 'node:stream';
import { InputError } from '../../core/errors.ts';
import { decodeUtf8Stream } from '../../files/text-files.ts';
import { columnList, type Row } from './row.ts';

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

/** One line of a table, cut into cells. */
export interface TableLine {
  readonly line: number;
  readonly cells: readonly string[];
  /** The cells as they are written, where some are read otherwise. */
  readonly written?: readonly string[];
}

/** What is known of a table before it is read. */
export interface KnownColumns {
  /** Names of the columns, where the first line may not hold them. */
  readonly columns?: readonly string[] | undefined;
  /** Names that a first line must hold for it to be one of names all the same. */
  readonly headerHolds?: readonly string[] | undefined;
  /** The one of `columns` that may be missing. */
  readonly mayLack?: string | undefined;
}

/**
 * Names the cells of a table's lines, given in their order: a row for each, and none for the first where that holds the
 * names, which it does without `columns`.
 * @throws InputError where a line has another number of cells than there are columns, or a name stands twice.
 */
export function columnNamer(
  file: string,
  { columns, headerHolds = [], mayLack }: KnownColumns = {},
): (line: TableLine) => Row[] {
  const known = columns && checkedNames(columns, file);
  let names: readonly string[] | undefined;
  return ({ line, cells, written }) => {
    if (names === undefined) {
      const isHeader = headerHolds.length > 0 && headerHolds.every(name => cells.includes(name));
      if (known === undefined || isHeader) {
        names = checkedNames(cells, file);
        return [];
      }
      const fewer = known.filter(name => name !== mayLack);
      names = cells.length === fewer.length ? fewer : known;
    }
    if (cells.length !== names.length) {
      throw new InputError(`this line has ${cells.length} columns, ${names.length} are expected`, {
        code: 'column-count',
        where: `${file}:${line}`,
        remedy: `the columns are ${columnList(names)}; a cell that holds the separator stands in "quotes"`,
      });
    }
    const fields = Object.fromEntries(names.map((name, i) => [name, cells[i]]));
    return [{ file, line, fields, ...(written && { written: changedCells(names, cells, written) }) }];
  };
}

function changedCells(
  names: readonly string[],
  cells: readonly string[],
  written: readonly string[],
): Record<string, string> {
  const changed = names.flatMap((name, i) => (cells[i] === written[i] ? [] : [[name, written[i]!] as const]));
  return Object.fromEntries(changed);
}

function checkedNames(names: readonly string[], file: string): readonly string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new InputError(twice === '' ? 'two columns have no name' : `two columns are named "${twice}"`, {
    code: 'duplicate-column',
    where: `${file}:1`,
    remedy:
      twice === '' ? 'name them, or remove the empty columns in the table and save it again' : 'rename one of them',
  });
}

/** The lines of a table as rows, piece by piece. */
export function rowCutter(lines: Cutter<TableLine>, file: string, known?: KnownColumns): Cutter<Row> {
  const name = columnNamer(file, known);
  return function* (piece, isLast) {
    for (const line of lines(piece, isLast)) yield* name(line);
  };
}
