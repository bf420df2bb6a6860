import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, statSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { downloadFile } from '@huggingface/hub';
import { hashFile } from '../files/check-once.ts';
import { asStorageError } from '../files/file-errors.ts';
import { makeFolder } from '../files/folders.ts';
import { isRunning } from '../files/process-identity.ts';
import { type Connection, isPassing, StrangeAnswerError, WrongContentError } from './connection.ts';

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

// Tries without progress, and tries that brought something else.
const ATTEMPTS = 4;
// What counts as progress: a connection that brings less each time would go on for ever.
const PROGRESS_BYTES = 2 ** 20;
const PROGRESS_SHARE = 1 / 16;
const FIRST_PAUSE_MS = 100;

/**
 * Downloads one file. What a broken connection has left in its file (`withIncomplete`) is gone on with, now and by the
 * next call; it gets the blob's name when all of it is there and has the right hash.
 * @throws the last failure of the connection, after four without progress; WrongContentError where something else came
 * four times; StorageError where the system refuses
 */
export async function downloadBlob(
  connection: Connection,
  file: RemoteFile,
  commit: string,
  blob: string,
  options: DownloadBlobOptions,
): Promise<void> {
  await makeFolder(dirname(blob));
  try {
    await withIncomplete(blob, async incomplete => {
      await complete(connection, file, commit, incomplete, options);
      await rename(incomplete, blob);
    });
  } catch (error) {
    // A connection that failed has a code of the system's, too.
    throw isPassing(error) ? error : asStorageError(blob, error);
  }
}

interface DownloadBlobOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

async function complete(
  connection: Connection,
  file: RemoteFile,
  commit: string,
  incomplete: string,
  options: DownloadBlobOptions,
): Promise<void> {
  const least = Math.max(1, Math.min(PROGRESS_BYTES, file.size * PROGRESS_SHARE));
  let reached = bytesOf(incomplete);
  for (let [failures, wrongs] = [0, 0]; ; ) {
    try {
      if (bytesOf(incomplete) < file.size) await append(connection, file, commit, incomplete, options);
      else if (file.size === 0) await pipeline(Readable.from([]), createWriteStream(incomplete));
      await verify(incomplete, file);
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      const isWrong = error instanceof WrongContentError;
      if (!(isWrong || isPassing(error))) throw error;
      if (isWrong) {
        await rm(incomplete, { force: true });
        reached = 0;
        wrongs++;
      } else if (bytesOf(incomplete) >= reached + least) {
        reached = bytesOf(incomplete);
        failures = 0;
      } else failures++;
      if (failures === ATTEMPTS || wrongs === ATTEMPTS) throw error;
      await setTimeout(FIRST_PAUSE_MS * 2 ** Math.max(failures, wrongs), undefined, { signal: options.signal });
    }
  }
}

async function append(
  connection: Connection,
  { path, size }: RemoteFile,
  commit: string,
  incomplete: string,
  { onProgress, signal }: DownloadBlobOptions,
): Promise<void> {
  // Plain HTTP: the Hub's newer transfer protocol cannot be gone on with from a file.
  const remote = await downloadFile({ ...connection, path, revision: commit, xet: false });
  if (remote === null) throw new StrangeAnswerError(`it lists ${path} and does not have it`);
  let bytes = bytesOf(incomplete);
  const rest = bytes === 0 ? remote : remote.slice(bytes);
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      // Unpacked: a few bytes can stand for a full disk.
      if (bytes > size) throw new WrongContentError(`more than the ${size} bytes that are listed for ${path} came`);
      onProgress?.({ path, bytes, size });
      yield chunk;
    }
  };
  const stream = Readable.fromWeb(rest.stream() as import('node:stream/web').ReadableStream);
  await pipeline(stream, counted, createWriteStream(incomplete, { flags: 'a' }), { ...(signal && { signal }) });
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const SHA256_DIGITS = 64;

/** @throws WrongContentError where a whole file has another hash, and what `fetch` throws where it is cut off */
async function verify(path: string, { size, hash: expected }: RemoteFile): Promise<void> {
  const bytes = bytesOf(path);
  if (bytes < size) throw new TypeError('terminated');
  const found = await blobHash(path, expected.length);
  if (found !== expected) throw new WrongContentError(`${bytes} bytes with hash ${found} came instead of ${expected}`);
}

/**
 * The hash that the Hub knows a file by, in hexadecimal: of as many digits as the one that it has to equal.
 * @throws InputError where it is no file
 */
export function blobHash(path: string, digits: number): Promise<string> {
  if (digits === SHA256_DIGITS) return hashFile(path);
  return hashFile(path, createHash('sha1').update(`blob ${bytesOf(path)}\0`));
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const NAME = /^([0-9a-f]+)\.([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}\.incomplete$/;

// A connection on which nothing comes fails after minutes.
const LONG_MS = 60 * 60 * 1000;

/** Files that downloads of this process are writing into. */
const inUse = new Set<string>();

/**
 * Does something with a file that holds what has come of a blob so far, and that nobody else writes into: two downloads
 * at a time have two, `<blob>.<host>-<pid>-<uuid>.incomplete`. What a download has left that failed or was killed is
 * taken over with its content. The folder must be there; the file may not be.
 */
export async function withIncomplete<T>(blob: string, work: (path: string) => Promise<T>): Promise<T> {
  const own = `${blob}.${HOST}-${process.pid}-${randomUUID()}.incomplete`;
  inUse.add(own);
  try {
    await takeOver(await findAbandoned(blob), own);
    return await work(own);
  } finally {
    inUse.delete(own);
  }
}

/**
 * Gives the first of some files that is still there another name, at one instant for everyone; the others are removed.
 */
async function takeOver([first, ...others]: readonly string[], own: string): Promise<void> {
  if (first === undefined) return;
  try {
    await rename(first, own);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Another download was as quick.
    await takeOver(others, own);
    return;
  }
  await Promise.all(others.map(path => rm(path, { force: true })));
}

/** The largest first. */
async function findAbandoned(blob: string): Promise<string[]> {
  const folder = dirname(blob);
  const found: { path: string; size: number }[] = [];
  for (const name of await readdir(folder)) {
    const [, of, host, pid] = NAME.exec(name) ?? [];
    if (of !== basename(blob)) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) continue;
    const isWritten = host === HOST ? isHeld(path, Number(pid)) : Date.now() - file.mtimeMs < LONG_MS;
    if (!isWritten) found.push({ path, size: file.size });
  }
  return found.sort((a, b) => b.size - a.size).map(({ path }) => path);
}

/** Whether the process of this machine that a file is named after may still write into it. */
function isHeld(path: string, pid: number): boolean {
  return pid === process.pid ? inUse.has(path) : isRunning({ pid, host: hostname(), birth: null });
}
