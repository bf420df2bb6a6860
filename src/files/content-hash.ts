import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { checkOnce, recordOf } from './check-once.ts';
import { openFile, readAt } from './regular-file.ts';
import { DamagedFileError, readSafetensorsHeader, type SafetensorsHeader } from './safetensors.ts';

/**
 * What is read is what was written: a safetensors file of ours carries, in its metadata, the SHA-256 of its own bytes
 * with zeros in the place of that hash. Other programs pass over it, and files without it are read as they are.
 */
export const HASH_KEY = 's3delta.sha256';
export const NO_HASH = '0'.repeat(64);

/** A hash that has taken the bytes before the data, in which one that is noted counts as zeros. */
export function startHash(head: Uint8Array, noted: string): Hash {
  const blank = Buffer.from(head);
  const at = blank.indexOf(noted);
  if (at >= 0) blank.write(NO_HASH, at);
  return createHash('sha256').update(blank);
}

/** The same for a file whose header was read; undefined where it notes none. */
export async function startHashOf(handle: FileHandle, header: SafetensorsHeader): Promise<Hash | undefined> {
  const noted = header.metadata[HASH_KEY];
  if (noted === undefined) return undefined;
  const head = new Uint8Array(header.dataStart);
  await readAt(handle, head, 0);
  return startHash(head, noted);
}

/** @throws DamagedFileError where a hash that has taken all bytes of a file is not the one that its header notes */
export function requireHash(hash: Hash | undefined, { metadata }: SafetensorsHeader, file: string): void {
  if (hash === undefined || hash.digest('hex') === metadata[HASH_KEY]) return;
  throw new DamagedFileError('its bytes are not those that were written (they have another hash)', { where: file });
}

/**
 * Reads a header, and once for each state of the file all of it.
 * @throws DamagedFileError where it is not what was written, and what `readSafetensorsHeader` throws
 */
export async function readCheckedHeader(file: string): Promise<SafetensorsHeader> {
  const header = await readSafetensorsHeader(file);
  const noted = header.metadata[HASH_KEY];
  if (noted !== undefined) await checkOnce(file, await recordOf(file, noted), () => requireUnchanged(file, header));
  return header;
}

async function requireUnchanged(file: string, header: SafetensorsHeader): Promise<void> {
  const handle = await openFile(file);
  try {
    const hash = await startHashOf(handle, header);
    if (hash === undefined) return;
    const data = handle.createReadStream({ start: header.dataStart, autoClose: false, highWaterMark: 1 << 20 });
    await pipeline(data, async chunks => {
      for await (const chunk of chunks) hash.update(chunk);
    });
    requireHash(hash, header, file);
  } finally {
    await handle.close();
  }
}
