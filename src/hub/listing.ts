import { existsSync, readdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { listFiles } from '@huggingface/hub';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { checkOnce, noteChecked } from '../files/check-once.ts';
import type { CachedRepository } from './cache.ts';
import { asking, type Connection, StrangeAnswerError, WrongContentError } from './connection.ts';
import { blobHash, type RemoteFile } from './download.ts';

// Beyond what the Hub itself takes: its pages hold a thousand files each.
const MOST_PAGES = 1000;
const MOST_FILES = 200_000;

const entry = z.looseObject({ type: z.string(), path: z.string(), size: z.int().nonnegative() });
const fileEntry = entry.extend({
  oid: z.string().optional(),
  lfs: z.looseObject({ oid: z.string(), size: z.int().nonnegative() }).nullish(),
});

const HASH = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * All files of a commit, as the Hub lists them.
 * @throws StrangeAnswerError where it lists what no repository has, or does not end
 */
export async function listRemoteFiles(connection: Connection, commit: string): Promise<RemoteFile[]> {
  const files = new Map<string, RemoteFile>();
  for await (const listed of listFiles({ ...oneWay(asking(connection)), revision: commit, recursive: true })) {
    if (entry.parse(listed).type !== 'file') continue;
    const { path, size, oid = '', lfs } = fileEntry.parse(listed);
    const hash = lfs?.oid ?? oid;
    if (!HASH.test(hash) || !isSafePath(path) || files.has(path)) {
      throw new StrangeAnswerError(`it lists the file ${JSON.stringify(path)} with the hash ${JSON.stringify(hash)}`);
    }
    if (files.size === MOST_FILES) throw new StrangeAnswerError(`it lists more than ${MOST_FILES} files`);
    files.set(path, { path, size: lfs?.size ?? size, hash });
  }
  return [...files.values()];
}

/** Each page says where the next one is: none may be asked for twice, nor too many. */
function oneWay(connection: Connection): Connection {
  const asked = new Set<string>();
  return {
    ...connection,
    fetch: (url, init) => {
      if (asked.has(String(url))) throw new StrangeAnswerError('the pages of its listing lead back to one another');
      if (asked.size === MOST_PAGES) throw new StrangeAnswerError(`its listing has more than ${MOST_PAGES} pages`);
      asked.add(String(url));
      return connection.fetch(url, init);
    },
  };
}

/** Paths become paths on this machine, below a folder that none may leave. */
function isSafePath(path: string): boolean {
  const parts = path.split(/[/\\]/);
  return !/\p{Cc}/u.test(path) && parts.every(part => part !== '' && part !== '.' && part !== '..');
}

/** Whether a file is there, and has its hash: looked at again whenever it has changed. */
export async function isWhole({ folder }: CachedRepository, path: string, hash: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  try {
    await checkOnce(path, recordFile(folder, hash), async () => {
      if ((await blobHash(path, hash.length)) !== hash) throw new WrongContentError();
    });
    return true;
  } catch (error) {
    // No file at all is no whole one either.
    if (error instanceof WrongContentError || error instanceof InputError) return false;
    throw error;
  }
}

/** Notes that a blob has its hash. */
export function noteWhole({ folder }: CachedRepository, blob: string, hash: string): Promise<void> {
  return noteChecked(blob, recordFile(folder, hash));
}

const recordFile = (folder: string, hash: string) => join(folder, '.s3delta', 'checked', hash);

/** The hash of a snapshot's file by the name of what it links to; undefined of a copy. */
async function hashByName(path: string): Promise<string | undefined> {
  const name = basename(await realpath(path));
  return HASH.test(name) ? name : undefined;
}

/** Of some files of a snapshot, those that are there and have changed since they were downloaded. */
export async function damaged(cache: CachedRepository, snapshot: string, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.map(each => join(snapshot, each)).filter(each => existsSync(each))) {
    const hash = await hashByName(path);
    if (hash !== undefined && !(await isWhole(cache, path, hash))) found.push(path);
  }
  return found;
}

/** Paths of the files that are there of a snapshot, written with `/`. */
export function filesIn(snapshot: string): readonly string[] {
  const found = readdirSync(snapshot, { recursive: true, withFileTypes: true }).filter(each => !each.isDirectory());
  return found.map(({ parentPath, name }) => relative(snapshot, join(parentPath, name)).replaceAll('\\', '/'));
}
