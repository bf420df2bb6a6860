import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { downloadFile } from '@huggingface/hub';
import type { Connection } from './connection.ts';
import { isPassing, WrongContentError } from './errors.ts';

/** A file of a commit, as the Hub lists it. */
export interface RemoteFile {
  /** Path in the repository, written with `/`. */
  readonly path: string;
  readonly size: number;
  /** SHA-256 of a large file's content, or Git's blob hash (SHA-1) of another's. */
  readonly hash: string;
}

/** Bytes of a file that are here, of all. */
export interface DownloadProgress {
  readonly path: string;
  readonly bytes: number;
  readonly size: number;
}

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;

/**
 * Downloads one file. What a broken connection has left in `<blob>.incomplete` is gone on with, now and by the next call;
 * the file gets its name when all of it is there and has the right hash.
 * @throws the last failure, after four without a byte of progress
 */
export async function downloadBlob(
  connection: Connection,
  { path, size, hash }: RemoteFile,
  commit: string,
  blob: string,
  { onProgress, signal }: { onProgress?: (progress: DownloadProgress) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  const incomplete = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  for (let failures = 0; ; ) {
    const before = bytesOf(incomplete);
    try {
      if (before < size) await append();
      else if (size === 0) await pipeline(Readable.from([]), createWriteStream(incomplete));
      await verify(incomplete, size, hash);
      await rename(incomplete, blob);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      const isWrong = error instanceof WrongContentError;
      if (isWrong) await rm(incomplete, { force: true });
      failures = bytesOf(incomplete) > before ? 0 : failures + 1;
      if (failures === ATTEMPTS || !(isWrong || isPassing(error))) throw error;
      await setTimeout(FIRST_PAUSE_MS * 2 ** failures, undefined, { signal });
    }
  }

  async function append(): Promise<void> {
    // Plain HTTP: the Hub's newer transfer protocol cannot be gone on with from a file.
    const remote = await downloadFile({ ...connection, path, revision: commit, xet: false });
    if (remote === null) throw new Error(`the Hub lists ${path} and does not have it`);
    let bytes = bytesOf(incomplete);
    const rest = bytes === 0 ? remote : remote.slice(bytes);
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        onProgress?.({ path, bytes, size });
        yield chunk;
      }
    };
    const stream = Readable.fromWeb(rest.stream() as import('node:stream/web').ReadableStream);
    await pipeline(stream, counted, createWriteStream(incomplete, { flags: 'a' }), { ...(signal && { signal }) });
  }
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const SHA256_DIGITS = 64;

async function verify(path: string, size: number, expected: string): Promise<void> {
  const bytes = bytesOf(path);
  if (bytes < size) throw new TypeError('terminated');
  const isSha256 = expected.length === SHA256_DIGITS;
  const hash = createHash(isSha256 ? 'sha256' : 'sha1');
  if (!isSha256) hash.update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== expected) throw new WrongContentError(`${bytes} bytes with hash ${found} came instead of ${expected}`);
}
