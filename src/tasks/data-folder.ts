import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { parseRepository } from '../hub/repository.ts';
import { type DownloadOptions, fetchSnapshot } from '../hub/snapshot.ts';

/**
 * The folder that data lie in: the one named, or, where there is none of this name, a data set's on the Hub, of which
 * the files that the task reads are downloaded.
 * @throws InputError where the data set cannot be had, or has no file for the task
 */
export async function dataFolder(
  task: { readonly name: string; mayRead(path: string): boolean },
  named: string,
  options: DownloadOptions,
): Promise<string> {
  const repository = existsSync(named) ? undefined : parseRepository(named, 'dataset');
  if (repository === undefined) return named;
  const choose = (paths: readonly string[]) => {
    const wanted = paths.filter(task.mayRead);
    if (wanted.length > 0) return wanted;
    throw new InputError(`the data set has no file that task ${task.name} reads`, {
      code: 'missing-data',
      where: named,
      remedy: 'check the name, or name a revision with Parquet files (org/name@refs/convert/parquet)',
    });
  };
  return fetchSnapshot(repository, choose, options);
}

/** Where data sets lie that come with no package, unless another place is named. */
export function defaultDataFolder(): string {
  return join(process.env.S3DELTA_SHARED ?? join('..', 'shared'), 'data');
}
