import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { InputError } from '../core/errors.ts';
import { expandHome } from '../files/folders.ts';
import { parseRepository } from '../hub/connection.ts';
import { type DownloadOptions, fetchSnapshot } from '../hub/snapshot.ts';

/** Whether a task is named by its file, not one that comes with the package. */
export function isTaskFile(task: string): boolean {
  return /\.ya?ml$/i.test(task);
}

/** What a model's folder or a task's file is called, without the way to it: `reviews` of `films/reviews.task.yaml`. */
export function shortName(path: string): string {
  return path
    .replace(/[/\\]+$/, '')
    .split(/[/\\]/)
    .at(-1)!
    .replace(/(\.task)?\.ya?ml$/i, '');
}

/**
 * Where a table's task file is written: `films/reviews.task.yaml` for `films/reviews.csv`. A folder may hold several
 * tables.
 */
export function taskFileBeside(dataFile: string): string {
  return join(dirname(dataFile), `${basename(dataFile, extname(dataFile))}.task.yaml`);
}

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

/**
 * Where data sets lie that come with no package, unless another place is named: in `data/` of the folder that
 * `S3DELTA_SHARED` names. Without it a checkout of the project looks beside itself, and an installed package, which has
 * no business there, in the working folder.
 */
export function defaultDataFolder(
  shared: string | undefined = process.env.S3DELTA_SHARED,
  program: string = import.meta.url,
): string {
  if (shared !== undefined && shared !== '') return join(expandHome(shared), 'data');
  return program.includes('/node_modules/') ? 'data' : join('..', 'shared', 'data');
}

/** Whether data lie in a folder that nobody has named, of which whoever goes on with them is to be told. */
export function isUnnamedFolder(named: string | undefined, files: readonly string[] = []): boolean {
  if (named !== undefined || (process.env.S3DELTA_SHARED ?? '') !== '') return false;
  const folder = `${resolve(defaultDataFolder())}${sep}`;
  return files.some(file => resolve(file).startsWith(folder));
}

/**
 * @throws InputError where a folder is named that is not there, and that is no name on the Hub: data that are found
 * elsewhere, beside a task file, would be other ones than were meant
 */
export function requireDataFolder(named: string | undefined): void {
  if (named === undefined || existsSync(named) || parseRepository(named, 'dataset') !== undefined) return;
  throw new InputError('there is no such folder', {
    code: 'missing-data',
    where: `--data ${named}`,
    remedy: 'give the folder that holds the data, or org/name of a data set on the Hub; or leave it out',
  });
}
