import type { ColumnMetaData } from 'hyparquet';

/**
 * Follows the pages of a column from one to the next, as Parquet's Thrift headers give their sizes. The reader believes
 * a header without a size, and then never comes to an end.
 * @throws RangeError where the pages do not lie end to end in the column, or the column not in the file
 */
export function checkPages(bytes: Uint8Array, column: ColumnMetaData): void {
  // Some writers give 0 where there is no dictionary.
  const begin = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = begin + Number(column.total_compressed_size);
  if (!(end <= bytes.length)) throw new RangeError('a column lies outside the file');
  for (let at = begin; at < end; ) {
    const cursor = { bytes, at, end };
    const size = readStruct(cursor).get(COMPRESSED_PAGE_SIZE);
    if (size === undefined || size < 0 || cursor.at + size > end) throw new RangeError('a page has no valid size');
    at = cursor.at + size;
  }
}

/** Field of a PageHeader (parquet.thrift). */
const COMPRESSED_PAGE_SIZE = 3;

/** Types of Thrift's compact protocol. */
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

interface Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
}

/** Reads past a struct; the values of its fields of type I32, by field id. */
function readStruct(cursor: Cursor): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  for (let id = 0; ; ) {
    const head = readByte(cursor);
    const type = head & 15;
    if (type === STOP) return numbers;
    id = head >> 4 ? id + (head >> 4) : zigzag(readVarint(cursor));
    if (type === I32) numbers.set(id, zigzag(readVarint(cursor)));
    else if (type !== TRUE && type !== FALSE) skip(cursor, type);
  }
}

function skip(cursor: Cursor, type: number): void {
  if (type === STRUCT) readStruct(cursor);
  else if (type === TRUE || type === FALSE || type === BYTE) readByte(cursor);
  else if (type > BYTE && type <= I64) readVarint(cursor);
  else if (type === DOUBLE) advance(cursor, 8);
  else if (type === BINARY) advance(cursor, readVarint(cursor));
  else if (type === LIST) {
    const head = readByte(cursor);
    const count = head >> 4 === 15 ? readVarint(cursor) : head >> 4;
    for (let i = 0; i < count; i++) skip(cursor, head & 15);
  } else throw new RangeError(`a page's header holds a field of type ${type}`);
}

function readByte(cursor: Cursor): number {
  advance(cursor, 1);
  return cursor.bytes[cursor.at - 1]!;
}

/** Whatever is read passes here, so that no count in a damaged header keeps the loops going behind the column's end. */
function advance(cursor: Cursor, count: number): void {
  if (cursor.at + count > cursor.end) throw new RangeError("a page's header does not end");
  cursor.at += count;
}

/** An unsigned LEB128 number; not by shifts, which would turn large ones negative. */
function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = readByte(cursor);
    value += (byte & 127) * unit;
    if (byte < 128) return value;
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
