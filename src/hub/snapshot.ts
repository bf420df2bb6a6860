import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { InputError } from '../core/errors.ts';
import {
  type CachedRepository,
  COMMIT,
  cachedRepository,
  findSnapshot,
  lacking,
  linkBlob,
  writeListing,
  writeRef,
} from './cache.ts';
import { type Connection, connect, isOffline } from './connection.ts';
import { type DownloadProgress, downloadBlob, type RemoteFile } from './download.ts';
import { explain, explainDownload, isPassing } from './hub-errors.ts';
import type { Repository } from './repository.ts';

/** What a download tells, and what stops it. */
export interface DownloadOptions {
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder of a repository's revision in the shared cache, with all files that are wanted: those that are not there are
 * downloaded and checked. Where the Hub cannot be asked what there is, or $HF_HUB_OFFLINE is set, what was downloaded before is
 * used, if none of the wanted files is lacking.
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
  const lackingBefore = () => (before?.listing === undefined ? [] : lacking(before.folder, choose(before.listing)));
  if (isOffline()) {
    if (before === undefined || lackingBefore().length > 0) throw notInCache(repository, cache, lackingBefore());
    return before.folder;
  }
  let commit: Commit;
  try {
    commit = await findCommit(connect(repository, options.signal), repository);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (before !== undefined && isPassing(error) && lackingBefore().length === 0) return before.folder;
    throw explain(error, repository);
  }
  return download(repository, cache, commit, choose, options);
}

/** A commit, and all files that it has. */
interface Commit {
  readonly hash: string;
  readonly files: readonly RemoteFile[];
}

async function download(
  repository: Repository,
  cache: CachedRepository,
  { hash, files }: Commit,
  choose: (paths: readonly string[]) => readonly string[],
  { onDownload, signal }: DownloadOptions,
): Promise<string> {
  const connection = connect(repository, signal);
  const snapshot = cache.snapshot(hash);
  const paths = files.map(({ path }) => path);
  const missing = new Set(lacking(snapshot, choose(paths)));
  if (missing.size > 0) await writeListing(cache, hash, paths);
  for (const file of files.filter(({ path }) => missing.has(path))) {
    const blob = cache.blob(file.hash);
    try {
      if (!existsSync(blob)) {
        await downloadBlob(connection, file, hash, blob, { ...(onDownload && { onProgress: onDownload }), signal });
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw explainDownload(error, file, repository);
    }
    await linkBlob(blob, join(snapshot, file.path));
  }
  await writeRef(cache, repository.revision, hash);
  return snapshot;
}

async function findCommit(connection: Connection, repository: Repository): Promise<Commit> {
  const hash = await findHash(connection, repository);
  return { hash, files: await listRemoteFiles(connection, hash) };
}

async function findHash(connection: Connection, { type, name, revision }: Repository): Promise<string> {
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

function notInCache(
  { type, name, revision }: Repository,
  { folder }: CachedRepository,
  [missing, ...more]: readonly string[],
): InputError {
  const files = more.length === 0 ? missing : `${missing} and ${more.length} more`;
  const has = missing === undefined ? `has no ${type} of this name` : `lacks ${files} of this ${type}`;
  return new InputError(`HF_HUB_OFFLINE is set, and the cache ${has} at revision ${revision}`, {
    where: name,
    remedy: `unset HF_HUB_OFFLINE once to download it, or copy its folder from another machine's cache to ${folder}`,
  });
}
