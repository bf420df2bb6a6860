import { join } from 'node:path';
import { datasetInfo, modelInfo } from '@huggingface/hub';
import { InputError } from '../core/errors.ts';
import {
  type CachedRepository,
  type CachedSnapshot,
  COMMIT,
  cachedRepository,
  findSnapshot,
  lacking,
  linkBlob,
  writeListing,
  writeRef,
} from './cache.ts';
import {
  asking,
  type Connection,
  connect,
  explain,
  explainDownload,
  isOffline,
  isPassing,
  type Repository,
  StrangeAnswerError,
} from './connection.ts';
import { type DownloadProgress, downloadBlob, type RemoteFile } from './download.ts';
import { damaged, filesIn, isWhole, listRemoteFiles, noteWhole } from './listing.ts';

/** What a download tells, and what stops it. */
export interface DownloadOptions {
  /** Told of the bytes as they arrive. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder of a repository's revision in the shared cache, with all files that are wanted: those that are not there
 * are downloaded and checked; those that have changed since are checked again, and downloaded again where they are
 * damaged. Where the Hub cannot be asked what there is, or $HF_HUB_OFFLINE is set, what was downloaded before is used,
 * if none of the wanted files is lacking or damaged.
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
    return requireWhole(cache, before, choose, 'unset HF_HUB_OFFLINE once');
  }
  let commit: Commit;
  try {
    commit = await findCommit(connect(repository, options.signal), repository);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (before !== undefined && isPassing(error) && lackingBefore().length === 0) {
      return requireWhole(cache, before, choose, 'connect to the network');
    }
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
  const wanted = new Set(choose(paths));
  if (lacking(snapshot, [...wanted]).length > 0) await writeListing(cache, hash, paths);
  for (const file of files.filter(({ path }) => wanted.has(path))) {
    const [blob, place] = [cache.blob(file.hash), join(snapshot, file.path)];
    if (await isWhole(cache, place, file.hash)) continue;
    try {
      if (!(await isWhole(cache, blob, file.hash))) {
        await downloadBlob(connection, file, hash, blob, { ...(onDownload && { onProgress: onDownload }), signal });
        await noteWhole(cache, blob, file.hash);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw explainDownload(error, file, repository);
    }
    // Another process may have been as quick.
    if (!(await isWhole(cache, place, file.hash))) await linkBlob(blob, place);
  }
  await writeRef(cache, repository.revision, hash);
  return snapshot;
}

async function findCommit(connection: Connection, repository: Repository): Promise<Commit> {
  const hash = await findHash(connection, repository);
  return { hash, files: await listRemoteFiles(connection, hash) };
}

async function findHash(connection: Connection, { type, name, revision }: Repository): Promise<string> {
  const asked = { ...asking(connection), name, revision, additionalFields: ['sha' as const] };
  const { sha } = type === 'model' ? await modelInfo(asked) : await datasetInfo(asked);
  if (!COMMIT.test(sha)) throw new StrangeAnswerError(`it names ${JSON.stringify(sha)} as the commit of ${revision}`);
  return sha;
}

/** @throws InputError where a wanted file of a snapshot is not as it was downloaded */
async function requireWhole(
  cache: CachedRepository,
  { folder, listing }: CachedSnapshot,
  choose: (paths: readonly string[]) => readonly string[],
  remedy: string,
): Promise<string> {
  // What another tool has filled may lack what is chosen by, and is looked at as a whole.
  const wanted = listing === undefined ? filesIn(folder) : choose(listing);
  const [path] = await damaged(cache, folder, wanted);
  if (path === undefined) return folder;
  throw new InputError('this file of the cache is damaged: its bytes do not have the hash that it is named by', {
    code: 'damaged-file',
    where: path,
    remedy: `${remedy}: it is then downloaded again`,
  });
}

function notInCache(
  { type, name, revision }: Repository,
  { folder }: CachedRepository,
  [missing, ...more]: readonly string[],
): InputError {
  const files = more.length === 0 ? missing : `${missing} and ${more.length} more`;
  const has = missing === undefined ? `has no ${type} of this name` : `lacks ${files} of this ${type}`;
  return new InputError(`HF_HUB_OFFLINE is set, and the cache ${has} at revision ${revision}`, {
    code: 'hub-offline',
    where: name,
    remedy: `unset HF_HUB_OFFLINE once to download it, or copy its folder from another machine's cache to ${folder}`,
  });
}
