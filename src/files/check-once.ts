import { createHash, type Hash } from 'node:crypto';
import { type BigIntStats, existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { StorageError } from '../core/errors.ts';
import { cacheFolder, makeFolder } from './folders.ts';
import { openFile, readBytesSync } from './regular-file.ts';
import { writeFileWhole } from './write-whole.ts';

/** Hash of a file's content, in hexadecimal; `hash` may have taken bytes before. @throws InputError as `openFile` */
export async function hashFile(file: string, hash: Hash = createHash('sha256')): Promise<string> {
  const handle = await openFile(file);
  try {
    const bytes = handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 });
    await pipeline(bytes, async chunks => {
      for await (const chunk of chunks) hash.update(chunk);
    });
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/**
 * Does a check that reads all of a file, once for each state of it: size, times, inode and device are remembered in
 * `record`. Where that cannot be written, the check is done each time.
 * @throws whatever the check throws; nothing is remembered then
 */
export async function checkOnce(file: string, record: string, check: () => Promise<void>): Promise<void> {
  const state = await stateOf(file);
  if (state !== undefined && state === remembered(record)) return;
  await check();
  // A file that has changed meanwhile is checked again.
  if (state !== undefined && state === (await stateOf(file))) await remember(state, record);
}

/**
 * What reading all of a file tells, asked once for each state of it; remembered in the cache folder, by the file's
 * place
 * and the kind of question.
 * @throws whatever `read` throws
 */
export async function checkedRecord<T>(
  file: string,
  kind: string,
  schema: z.ZodType<T>,
  read: () => Promise<T>,
): Promise<T> {
  const state = await stateOf(file);
  const record = state === undefined ? undefined : await recordOf(file, kind);
  const known = record === undefined ? undefined : rememberedValue(record, state!, schema);
  if (known !== undefined) return known;
  const value = await read();
  if (record !== undefined && state === (await stateOf(file))) {
    await remember(JSON.stringify({ state, value }), record);
  }
  return value;
}

function rememberedValue<T>(record: string, state: string, schema: z.ZodType<T>): T | undefined {
  try {
    const saved = JSON.parse(remembered(record) ?? 'null') as { state?: string; value?: unknown } | null;
    return saved?.state === state ? schema.parse(saved.value) : undefined;
  } catch {
    return undefined;
  }
}

/** Notes that a file is as it should be, without a check. */
export async function noteChecked(file: string, record: string): Promise<void> {
  const state = await stateOf(file);
  if (state !== undefined) await remember(state, record);
}

async function remember(state: string, record: string): Promise<void> {
  try {
    await makeFolder(dirname(record));
    await writeFileWhole(record, state);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/**
 * Where it is remembered of a file, wherever it lies, that it has a hash, or what it was asked: in the cache folder.
 */
export async function recordOf(file: string, hash: string): Promise<string> {
  const name = createHash('sha256')
    .update(`${await realpath(file)}\n${hash}`)
    .digest('hex');
  return join(cacheFolder(), 'checked', name.slice(0, 32));
}

async function stateOf(file: string): Promise<string | undefined> {
  const found: BigIntStats | undefined = await stat(file, { bigint: true }).catch(() => undefined);
  return found && `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino} ${found.dev}`;
}

function remembered(record: string): string | undefined {
  try {
    return existsSync(record) ? readBytesSync(record).toString() : undefined;
  } catch {
    return undefined;
  }
}
