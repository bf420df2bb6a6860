import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { InputError } from '../errors.ts';
import { type CachedRepository, COMMIT, cachedRepository, findSnapshot, linkBlob, writeRef } from './cache.ts';
import { type Connection, connect, isOffline } from './connection.ts';
import { type DownloadProgress, downloadBlob, type RemoteFile, WrongContentError } from './download.ts';
import { explain, isPassing } from './errors.ts';
import type { Repository } from './repository.ts';

/** What a download tells, and what stops it. */
export interface DownloadOptions {
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder of a repository's revision in the shared cache, with the files that are wanted: those that are not there are
 * downloaded and checked. Where the Hub cannot be reached, or $HF_HUB_OFFLINE is set, what was downloaded before is used.
 * @param choose of all paths in the repository, those that are wanted
 * @throws InputError where the repository cannot be had, with the way out
 */
export async function fetchSnapshot(
  repository: Repository,
  choose: (paths: readonly string[]) => readonly string[],
  options: DownloadOptions = {},
): Promise<string> {
  const cache = cachedRepository(repository);
  const before = findSnapshot(cache, repository.revision);
  if (isOffline()) return before ?? notInCache(repository, cache);
  try {
    return await download(repository, cache, choose, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof WrongContentError) throw damaged(error, repository);
    if (before !== undefined && isPassing(error)) return before;
    throw explain(error, repository);
  }
}

async function download(
  repository: Repository,
  cache: CachedRepository,
  choose: (paths: readonly string[]) => readonly string[],
  { onDownload, signal }: DownloadOptions,
): Promise<string> {
  const connection = connect(repository, signal);
  const commit = await findCommit(connection, repository);
  const files = await listRemoteFiles(connection, commit);
  const wanted = new Set(choose(files.map(({ path }) => path)));
  const snapshot = cache.snapshot(commit);
  for (const file of files.filter(({ path }) => wanted.has(path))) {
    const path = join(snapshot, file.path);
    if (existsSync(path)) continue;
    const blob = cache.blob(file.hash);
    if (!existsSync(blob)) {
      await downloadBlob(connection, file, commit, blob, { ...(onDownload && { onProgress: onDownload }), signal });
    }
    await linkBlob(blob, path);
  }
  // Last, so that a name stands for a whole snapshot.
  await writeRef(cache, repository.revision, commit);
  return snapshot;
}

async function findCommit(connection: Connection, { type, name, revision }: Repository): Promise<string> {
  const asked = { ...connection, name, revision, additionalFields: ['sha' as const] };
  const { sha } = type === 'model' ? await modelInfo(asked) : await datasetInfo(asked);
  if (!COMMIT.test(sha)) throw new Error(`the Hub names ${JSON.stringify(sha)} as the commit of ${revision}`);
  return sha;
}

const HASH = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

async function listRemoteFiles(connection: Connection, commit: string): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for await (const { type, path, size, oid, lfs } of listFiles({ ...connection, revision: commit, recursive: true })) {
    if (type !== 'file') continue;
    const hash = lfs?.oid ?? oid ?? '';
    // Both become paths on this machine.
    if (!HASH.test(hash) || path.split(/[/\\]/).some(part => part === '' || part === '..')) {
      throw new Error(`the Hub lists the file ${JSON.stringify(path)} with the hash ${JSON.stringify(hash)}`);
    }
    files.push({ path, size: lfs?.size ?? size, hash });
  }
  return files;
}

function notInCache({ type, name, revision }: Repository, { folder }: CachedRepository): never {
  throw new InputError(`HF_HUB_OFFLINE is set, and the cache has no ${type} of this name at revision ${revision}`, {
    where: name,
    remedy: `unset HF_HUB_OFFLINE once to download it, or copy its folder from another machine's cache to ${folder}`,
  });
}

function damaged(cause: WrongContentError, { name }: Repository): InputError {
  return new InputError(`a download came damaged: ${cause.message}`, { where: name, remedy: 'try again', cause });
}
