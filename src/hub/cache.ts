import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub';
import { writeFileWhole } from '../files/write-file-whole.ts';
import type { Repository } from './repository.ts';

/**
 * A repository's folder in the cache that all of the Hub's tools share ($HF_HUB_CACHE, or below $HF_HOME): contents in
 * `blobs/` by their hash, each commit's files as links to them in `snapshots/`, the commits of branches in `refs/`.
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

/** The snapshot of a revision as it was when last asked for; undefined where it was never downloaded whole. */
export function findSnapshot(cache: CachedRepository, revision: string): string | undefined {
  const ref = join(cache.folder, 'refs', revision);
  const commit = COMMIT.test(revision) ? revision : existsSync(ref) ? readFileSync(ref, 'utf8').trim() : undefined;
  const snapshot = commit === undefined ? undefined : cache.snapshot(commit);
  return snapshot !== undefined && existsSync(snapshot) ? snapshot : undefined;
}

/** Remembers which commit a branch or tag means. */
export async function writeRef(cache: CachedRepository, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const ref = join(cache.folder, 'refs', revision);
  await mkdir(dirname(ref), { recursive: true });
  await writeFileWhole(ref, commit);
}

/** Gives a blob its name in a snapshot: a relative link, or a copy where the system allows no links. */
export async function linkBlob(blob: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  try {
    await symlink(relative(dirname(path), blob), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was as quick.
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOSYS') throw error;
    await copyFile(blob, path);
  }
}
