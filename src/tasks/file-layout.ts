import { extname, join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { findFiles, fitsPattern } from '../data/rows/find-files.ts';
import type { ReadOptions } from './row-form.ts';

/** One of the forms a data set is given in: where the files of its parts lie, and how they are read. */
export interface Layout extends ReadOptions {
  /** Folders in the data folder where they may lie, the likeliest first; '.' is the data folder itself. */
  readonly folders: readonly string[];
  /** Patterns of the names of a part's files (`*`: any characters); the first that fits something counts. */
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** Where a data set was found. */
export interface FoundLayout {
  readonly layout: Layout;
  readonly folder: string;
  /** Files of the parts; none where the data at hand lack the training set. */
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** The place where both parts lie, or else the first that has the validation set, or else the training set. */
export function findLayout(layouts: readonly Layout[], dataFolder: string): FoundLayout | undefined {
  const found = layouts.flatMap(layout => layout.folders.map(folder => lookInto(layout, join(dataFolder, folder))));
  return (
    found.find(({ train, validation }) => train.length > 0 && validation.length > 0) ??
    found.find(({ validation }) => validation.length > 0) ??
    found.find(({ train }) => train.length > 0)
  );
}

/**
 * The same, for data that must be there.
 * @param what names the data set in the message
 * @throws InputError where nothing is found, or no validation set
 */
export function requireLayout(layouts: readonly Layout[], dataFolder: string, what: string): FoundLayout {
  const found = findLayout(layouts, dataFolder);
  const [{ folders, train, validation }] = layouts as [Layout];
  if (found === undefined) {
    throw new InputError(`no data of ${what} here`, {
      code: 'missing-data',
      where: dataFolder,
      remedy:
        `put ${train[0]} and ${validation[0]} into ${join(dataFolder, folders[0]!)}, or give their ` +
        'folder with --data',
    });
  }
  if (found.validation.length > 0) return found;
  throw new InputError(`no such file: the validation set of ${what} is missing`, {
    code: 'missing-data',
    where: join(found.folder, found.layout.validation[0]!),
    remedy: 'put it beside the training set',
  });
}

/** The layout that a file belongs to by the ending of its name: how it is read. */
export function layoutOf(file: string, layouts: readonly Layout[]): ReadOptions {
  const ending = extname(file).toLowerCase();
  return layouts.find(({ train }) => train.some(name => extname(name) === ending)) ?? {};
}

/** Whether a file of a data set's tree, by its path in it, may be one of the parts. */
export function belongsTo(layouts: readonly Layout[], path: string): boolean {
  return layouts.some(({ folders, train, validation }) =>
    folders.some(folder =>
      [...train, ...validation].some(name => fitsPattern(path, folder === '.' ? name : `${folder}/${name}`)),
    ),
  );
}

function lookInto(layout: Layout, folder: string): FoundLayout {
  const part = (patterns: readonly string[]) =>
    patterns.map(pattern => findFiles(folder, pattern)).find(files => files.length > 0) ?? [];
  return { layout, folder, train: part(layout.train), validation: part(layout.validation) };
}

/** The Hub's Parquet files of one configuration, in as many shards as there are. */
export function hubLayout(folders: readonly string[], validation: string = 'validation'): Layout {
  const part = (name: string) => [`${name}.parquet`, `${name}-*.parquet`, `${name}/*.parquet`];
  return { folders: [...folders, 'data', '.'], train: part('train'), validation: part(validation) };
}
