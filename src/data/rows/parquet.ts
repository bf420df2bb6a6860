import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type Compressors, type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { checkPages } from './parquet-pages.ts';
import { type Convert, plain, textParsers, valueConverters } from './parquet-values.ts';
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
