import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type Compressors,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadata,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { checkPages } from './parquet-pages.ts';
import type { Row } from './row.ts';

// Beside what the reader brings itself (none and snappy, which the Hub's files have).
const compressors: Compressors = {
  GZIP: (input, maxOutputLength) => gunzipSync(input, { maxOutputLength }),
  BROTLI: (input, maxOutputLength) => brotliDecompressSync(input, { maxOutputLength }),
  ZSTD: (input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength }),
};

const MAGIC = 'PAR1';

/**
 * Rows of a Parquet file; `line` is the row's number, from 1. A column that the Hub's `datasets` library has written as
 * a ClassLabel gives its class's name instead of its number, so that a file with other numbers cannot be misread; a
 * number without a name stays (−1, where a test set has no labels), and so does null. Decimals, dates and short floats
 * are what a csv of the same table says, NaN is null.
 * @throws InputError where the bytes are cut off, damaged, or compressed in a way this cannot read.
 */
export async function parseParquet(bytes: Uint8Array, file: string): Promise<Row[]> {
  if (Buffer.from(bytes.subarray(-MAGIC.length)).toString('latin1') !== MAGIC) {
    throw damaged(file, 'this is no Parquet file, or its end is missing');
  }
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    checkExtents(metadata, bytes);
    const slice = (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).buffer;
    const source = { byteLength: bytes.length, slice };
    const rows = await parquetReadObjects({
      file: source,
      metadata,
      compressors,
      parsers: textParsers,
      geoparquet: false,
    });
    const convert = columnConverters(metadata);
    return rows.map((fields, i) => ({ file, line: i + 1, fields: mapValues(fields, convert) }));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw damaged(file, `this Parquet file cannot be read: ${(cause as Error).message}`, cause);
  }
}

/**
 * A footer that promises more than the file holds would be believed by the reader, which then asks for that much
 * memory.
 */
function checkExtents({ num_rows: rows, row_groups: groups }: FileMetaData, bytes: Uint8Array): void {
  for (const { meta_data: column } of groups.flatMap(group => group.columns)) {
    if (column === undefined) throw new RangeError('a column is not described');
    checkPages(bytes, column);
  }
  const inGroups = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (inGroups !== rows) throw new RangeError(`it announces ${rows} rows and holds ${inGroups}`);
}

const hubMetadata = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const classNames = z.object({ _type: z.literal('ClassLabel'), names: z.array(z.string()) });

/** What turns the stored values of each column into those of a row. */
function columnConverters(metadata: FileMetaData): ReadonlyMap<string, Convert> {
  const converters = valueConverters(metadata);
  const written = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const features = hubMetadata.safeParse(parseOrNothing(written)).data?.info.features ?? {};
  for (const [column, feature] of Object.entries(features)) {
    const names = classNames.safeParse(feature).data?.names;
    if (names) converters.set(column, value => (isNumber(value) ? names[Number(value)] : undefined) ?? plain(value));
  }
  return converters;
}

const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';

function parseOrNothing(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    // Somebody else's metadata under this name says nothing about labels.
    return undefined;
  }
}

function mapValues(fields: Record<string, unknown>, converters: ReadonlyMap<string, Convert>): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, (converters.get(name) ?? (each => plain(each)))(value)]),
  );
}

function damaged(where: string, what: string, cause?: unknown): InputError {
  return new InputError(what, {
    code: 'unreadable-parquet',
    where,
    remedy:
      'it is damaged, cut off, or compressed in another way than snappy, gzip, zstd or brotli: download or ' +
      'write it again',
    cause,
  });
}

/** From a stored value to what a csv of the same table says. */
type Convert = (value: unknown) => unknown;

/** Dates and times as texts, as most programs write them into a csv: `2024-02-29`, `2024-02-29 12:30:00.5`. */
const textParsers: Partial<ParquetParsers> = {
  dateFromDays: days => day(Number(days) * 86_400) as unknown as Date,
  timestampFromMilliseconds: count => time(count, 1000n),
  timestampFromMicroseconds: count => time(count, 1_000_000n),
  timestampFromNanoseconds: count => time(count, 1_000_000_000n),
};

const day = (seconds: number): string => new Date(1000 * seconds).toISOString().slice(0, 10);

function time(count: bigint | undefined, perSecond: bigint): Date {
  // The reader passes on what is missing, and takes any value for a date.
  if (typeof count !== 'bigint') return count as unknown as Date;
  const rest = ((count % perSecond) + perSecond) % perSecond;
  const seconds = new Date(Number((1000n * (count - rest)) / perSecond)).toISOString();
  const fraction = String(rest)
    .padStart(String(perSecond).length - 1, '0')
    .replace(/0+$/, '');
  return `${seconds.slice(0, 10)} ${seconds.slice(11, 19)}${fraction && `.${fraction}`}` as unknown as Date;
}

/** How the values of each column are converted, beyond `plain`. */
function valueConverters(metadata: FileMetaData): Map<string, Convert> {
  const converters = new Map<string, Convert>();
  for (const column of parquetSchema(metadata).children) {
    const leaves = leavesOf(column);
    const convert = leaves.length === 1 ? leafConverter(leaves[0]!) : undefined;
    if (convert !== undefined) converters.set(column.element.name, value => plain(value, convert));
  }
  return converters;
}

function leavesOf(node: SchemaTree): SchemaTree[] {
  return node.children.length === 0 ? [node] : node.children.flatMap(leavesOf);
}

function leafConverter({ element }: SchemaTree): Convert | undefined {
  if (element.type === 'FLOAT') return ifNumber(value => shortestDecimal(value, [6, 7, 8, 9], sameSingle));
  if (element.logical_type?.type === 'FLOAT16') {
    return ifNumber(value => shortestDecimal(value, [1, 2, 3, 4, 5], sameHalf));
  }
  if (element.converted_type === 'DECIMAL') return ifNumber(value => decimal(value, element.scale ?? 0));
  return undefined;
}

const ifNumber =
  (convert: (value: number) => unknown): Convert =>
  value =>
    typeof value === 'number' && Number.isFinite(value) ? convert(value) : value;

/**
 * A value in words that JSON has, too: numbers of 64 bits as numbers where they are exact; lists and structs all the
 * way down. NaN stands for what is missing, as pandas has it.
 */
function plain(value: unknown, convert: Convert = each => each): unknown {
  if (Number.isNaN(value)) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(each => plain(each, convert));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return convert(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each, convert)]));
}

/** A number of few bits as it was meant: 3.8, not 3.799999952316284. */
function shortestDecimal(
  value: number,
  digits: readonly number[],
  isSame: (candidate: number, value: number) => boolean,
): number {
  return digits.map(count => Number(value.toPrecision(count))).find(candidate => isSame(candidate, value)) ?? value;
}

const sameSingle = (candidate: number, value: number): boolean => Math.fround(candidate) === value;

/** Whether both are one number of 16 bits, of which 11 are its digits: Node 22 cannot round to it. */
function sameHalf(candidate: number, value: number): boolean {
  const exponent = value === 0 ? -14 : Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  return Math.abs(candidate - value) < 2 ** (exponent - 11);
}

/** The reader has multiplied the digits by a power of ten, which leaves 0.70 as 0.7000000000000001. */
function decimal(value: number, scale: number): string {
  if (Math.abs(value) * 10 ** scale <= Number.MAX_SAFE_INTEGER) return value.toFixed(scale);
  throw new InputError('a decimal has more digits than can be read exactly', {
    code: 'unreadable-parquet',
    remedy: 'write the column as text or as double',
  });
}
