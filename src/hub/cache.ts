import { createReadStream, existsSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub';
import { z } from 'zod';
import { asStorageError } from '../files/file-errors.ts';
import { makeFolder } from '../files/folders.ts';
import { readBytesSync } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { Repository } from './connection.ts';

/**
 * A repository's folder in the cache that all of the Hub's tools share ($HF_HUB_CACHE, or below $HF_HOME): contents in
 * `blobs/` by their hash, each commit's files as links to them in `snapshots/`, the commits of branches in `refs/`.
 * Ours alone is `.s3delta/`: the paths of all files of a commit, and in `checked/` which blobs were found to have their
 * hash, by size and times.
 */
export interface CachedRepository {
  readonly folder: string;
  snapshot(commit: string): string;
  blob(hash: string): string;
}

/** Name of a commit. */
export const COMMIT = /^[0-9a-f]{40}$/;

export function cachedRepository(repository: Repository): CachedRepository {
  const folder = join(getHFHubCachePath(), getRepoFolderName(repository));
  return {
    folder,
    snapshot: commit => join(folder, 'snapshots', commit),
    blob: hash => join(folder, 'blobs', hash),
  };
}

/** A snapshot that is there, perhaps with some of its commit's files only. */
export interface CachedSnapshot {
  readonly folder: string;
  /**
   * Paths of all files of the commit; undefined where another tool has filled the cache, and nothing says what there
   * are.
   */
  readonly listing: readonly string[] | undefined;
}

/** The snapshot of a revision as it was when last asked for; undefined where nothing of it was downloaded. */
export function findSnapshot(cache: CachedRepository, revision: string): CachedSnapshot | undefined {
  const commit = COMMIT.test(revision) ? revision : readRef(cache, revision);
  if (commit === undefined || !existsSync(cache.snapshot(commit))) return undefined;
  return { folder: cache.snapshot(commit), listing: readListing(cache, commit) };
}

/** Those of some files, by their paths in the repository, that a snapshot has not. */
export function lacking(snapshot: string, paths: readonly string[]): readonly string[] {
  return paths.filter(path => !existsSync(join(snapshot, path)));
}

/** Remembers which commit a branch or tag means. */
export async function writeRef(cache: CachedRepository, revision: string, commit: string): Promise<void> {
  if (revision === commit || readRef(cache, revision) === commit) return;
  const ref = refFile(cache, revision);
  await makeFolder(dirname(ref));
  await writeFileWhole(ref, commit);
}

function readRef(cache: CachedRepository, revision: string): string | undefined {
  const ref = refFile(cache, revision);
  const commit = existsSync(ref) ? readBytesSync(ref).toString().trim() : '';
  return COMMIT.test(commit) ? commit : undefined;
}

const refFile = ({ folder }: CachedRepository, revision: string) => join(folder, 'refs', revision);

/**
 * Remembers what files a commit has, so that without the Hub, too, it is known whether those that are wanted are all
 * there.
 */
export async function writeListing(cache: CachedRepository, commit: string, paths: readonly string[]): Promise<void> {
  const file = listingFile(cache, commit);
  await makeFolder(dirname(file));
  await writeFileWhole(file, JSON.stringify(paths));
}

function readListing(cache: CachedRepository, commit: string): readonly string[] | undefined {
  try {
    return z.array(z.string()).parse(JSON.parse(readBytesSync(listingFile(cache, commit)).toString()));
  } catch {
    return undefined;
  }
}

// In a folder of its own: the other tools take every file in `refs/` and `snapshots/` for theirs.
const listingFile = ({ folder }: CachedRepository, commit: string) => join(folder, '.s3delta', `${commit}.json`);

/**
 * Gives a blob its name in a snapshot, in place of what has it: a relative link, or a copy where the system allows no
 * links.
 * @throws StorageError where the system refuses
 */
export async function linkBlob(blob: string, path: string): Promise<void> {
  await makeFolder(dirname(path));
  try {
    await rm(path, { force: true });
    await symlink(relative(dirname(path), blob), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was as quick.
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOSYS') throw asStorageError(path, error);
    // Whole at one instant: whatever has its name in a snapshot counts as downloaded.
    await writeFileWhole(path, createReadStream(blob));
  }
}
