import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { elementCount } from '../core/arrays.ts';
import { InputError, type InputErrorDetails } from '../core/errors.ts';
import { asReadError } from './file-errors.ts';
import { openFile, readAt } from './regular-file.ts';

/** Bytes of one element of each dtype of the safetensors format that has whole bytes. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof elementBytes;

/** Where one tensor's bytes stand (little-endian, row-major). Any byte offset is allowed, aligned or not. */
export interface TensorEntry {
  readonly file: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes from the beginning of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Bytes before the tensors' data. */
  readonly dataStart: number;
}

/** The reference implementation's limit; a larger number means that the file is something else. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

const rawTensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const rawMetadata = z.record(z.string(), z.string());

/** A file whose bytes cannot be those that were written. */
export class DamagedFileError extends InputError {
  constructor(what: string, { remedy = REMEDY, ...details }: Omit<InputErrorDetails, 'code'> = {}) {
    super(what, { code: 'damaged-file', ...details, remedy });
  }
}

const REMEDY = 'the file is damaged, cut off or not safetensors: download or write it again';

/** Reads a file; where it is damaged, a remedy is told that fits what it is. */
export async function withDamageRemedy<T>(remedy: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    const { what, where } = error;
    throw new DamagedFileError(what, { ...(where !== undefined && { where }), remedy, cause: error });
  }
}

function damaged(what: string, file: string, cause?: unknown): InputError {
  return new DamagedFileError(what, { where: file, cause });
}

async function readBytes(handle: FileHandle, position: number, length: number, file: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const bytesRead = await readAt(handle, buffer, position);
  if (bytesRead !== length) throw damaged(`the file ended after ${position + bytesRead} bytes`, file);
  return buffer;
}

async function readHeaderText(file: string): Promise<{ text: string; dataStart: number; fileBytes: number }> {
  const handle = await openFile(file);
  try {
    const fileBytes = (await handle.stat()).size;
    if (fileBytes < LENGTH_BYTES) throw damaged(`holds ${fileBytes} bytes, too few for a safetensors header`, file);
    const headerBytes = (await readBytes(handle, 0, LENGTH_BYTES, file)).readBigUInt64LE();
    if (headerBytes > MAX_HEADER_BYTES) throw damaged(`announces a header of ${headerBytes} bytes`, file);
    const dataStart = LENGTH_BYTES + Number(headerBytes);
    if (dataStart > fileBytes) {
      throw damaged(`announces a header of ${headerBytes} bytes, but the file has only ${fileBytes}`, file);
    }
    const bytes = await readBytes(handle, LENGTH_BYTES, Number(headerBytes), file);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, dataStart, fileBytes };
  } catch (cause) {
    if (cause instanceof TypeError) throw damaged('the header is not valid UTF-8', file, cause);
    throw asReadError(file, cause);
  } finally {
    await handle.close();
  }
}

function parseTensor(name: string, raw: unknown, file: string, dataStart: number, fileBytes: number): TensorEntry {
  const parsed = rawTensor.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw damaged(`tensor ${name}: ${issue.path.join('.')}: ${issue.message}`, file);
  }
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  if (!Object.hasOwn(elementBytes, dtype)) {
    throw new InputError(`tensor ${name} has the unknown dtype ${dtype}`, {
      code: 'unsupported-dtype',
      where: file,
      remedy: `convert it to one of ${Object.keys(elementBytes).join(', ')}`,
    });
  }
  const [begin, end] = offsets;
  const dataBytes = fileBytes - dataStart;
  if (begin > end || end > dataBytes) {
    throw damaged(`tensor ${name}: offsets [${begin}, ${end}] lie outside the file's ${dataBytes} data bytes`, file);
  }
  const expected = elementCount(shape) * elementBytes[dtype as Dtype];
  if (end - begin !== expected) {
    throw damaged(`tensor ${name}: ${dtype} [${shape}] takes ${expected} bytes, its offsets span ${end - begin}`, file);
  }
  return { file, dtype: dtype as Dtype, shape, offset: dataStart + begin, byteLength: expected };
}

/** The tensors must cover the data without overlap or hole, as the format demands. */
function checkCoverage(tensors: ReadonlyMap<string, TensorEntry>, file: string, dataStart: number, fileBytes: number) {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
  let position = dataStart;
  let before = 'the header';
  for (const [name, tensor] of inOrder) {
    if (tensor.offset < position) throw damaged(`tensor ${name} overlaps ${before}`, file);
    if (tensor.offset > position) throw damaged(`unused bytes stand between ${before} and tensor ${name}`, file);
    position = tensor.offset + tensor.byteLength;
    before = `tensor ${name}`;
  }
  if (position !== fileBytes) throw damaged(`${fileBytes - position} unused bytes stand after ${before}`, file);
}

/**
 * Reads and checks the header of a safetensors file; the tensors' data are not read. Every fault (cut off, bad JSON,
 * overlapping or out-of-range offsets, a byte count that does not fit dtype and shape, …) is an InputError naming the
 * file and the tensor.
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const { text, dataStart, fileBytes } = await readHeaderText(file);
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw damaged('the header is not valid JSON', file, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged('the header is not a JSON object', file);
  }
  const { __metadata__: metadata = {}, ...rest } = header as Record<string, unknown>;
  const parsedMetadata = rawMetadata.safeParse(metadata);
  if (!parsedMetadata.success) throw damaged('__metadata__ must map names to texts', file);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, raw] of Object.entries(rest)) {
    tensors.set(name, parseTensor(name, raw, file, dataStart, fileBytes));
  }
  checkCoverage(tensors, file, dataStart, fileBytes);
  return { metadata: parsedMetadata.data, tensors, dataStart };
}
