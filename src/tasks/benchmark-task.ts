import { extname, join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { findFiles, fitsPattern } from '../data/rows/find-files.ts';
import { metricNamed } from '../metrics/metrics.ts';
import { type ReadOptions, type RowForm, readExamples } from './row-form.ts';
import type { OriginalSplits, Task } from './task.ts';

/** What one task of a public benchmark says of itself. */
export interface BenchmarkTask
  extends RowForm,
    Pick<Task, 'name' | 'description' | 'metric' | 'presets' | 'split' | 'maxSourceLength'> {
  readonly details?: Task['details'];
  readonly choices?: Task['choices'];
  /** What messages call the data set, e.g. `GLUE's RTE`. */
  readonly dataSet: string;
  /** The forms it comes in, the likeliest first. */
  readonly layouts: readonly Layout[];
  /** Rows of the whole data set, by which a sample of it is known. */
  readonly rows: { readonly train: number; readonly validation: number };
}

/** A task over a benchmark's own files. */
export function benchmarkTask(benchmark: BenchmarkTask): Task {
  const { name, description, metric, details, presets, split, maxSourceLength, classes, layouts, dataSet } = benchmark;
  const form: RowForm = { ...benchmark, oneAnswer: metricNamed(metric).oneAnswer ?? false };
  return {
    name,
    description,
    metric,
    ...(details !== undefined && { details }),
    labels: classes?.names,
    ...(benchmark.numbers !== undefined && { numbers: true }),
    ...(benchmark.choices && { choices: true }),
    segments: form.segments,
    rows: { form, optionsFor: path => layoutOf(path, layouts) },
    maxSourceLength,
    presets,
    split,
    find: dataFolder => findLayout(layouts, dataFolder)?.folder,
    mayRead: path => belongsTo(layouts, path),
    load: async dataFolder => {
      const { layout, train, validation } = requireLayout(layouts, dataFolder, dataSet);
      const original = {
        train: await readExamples(train, form, layout),
        validation: await readExamples(validation, form, layout),
      };
      const incomplete = whatIsMissing(original, benchmark.rows);
      const files = [...train, ...validation];
      return { ...original, files, ...(incomplete !== undefined && { incomplete }) };
    },
  };
}

/** In words, how far the data at hand are from the whole data set; undefined where all of it is there. */
function whatIsMissing(
  original: Required<Pick<OriginalSplits, 'train' | 'validation'>>,
  rows: BenchmarkTask['rows'],
): string | undefined {
  const short = (['train', 'validation'] as const).filter(part => original[part].length < rows[part]);
  if (short.length === 0) return undefined;
  const counts = short.map(part => {
    const word = part === 'train' ? 'training' : 'validation';
    return `${grouped(original[part].length)} of ${grouped(rows[part])} ${word} rows`;
  });
  return `the data at hand are not the whole data set: ${counts.join(', ')}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** One of the forms a data set is given in: where the files of its parts lie, and how they are read. */
export interface Layout extends ReadOptions {
  /** Folders in the data folder where they may lie, the likeliest first; '.' is the data folder itself. */
  readonly folders: readonly string[];
  /** Patterns of the names of a part's files (`*`: any characters); the first that fits something counts. */
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** Where a data set was found. */
interface FoundLayout {
  readonly layout: Layout;
  readonly folder: string;
  /** Files of the parts; none where the data at hand lack the training set. */
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** The place where both parts lie, or else the first that has the validation set, or else the training set. */
function findLayout(layouts: readonly Layout[], dataFolder: string): FoundLayout | undefined {
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
function requireLayout(layouts: readonly Layout[], dataFolder: string, what: string): FoundLayout {
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
function layoutOf(file: string, layouts: readonly Layout[]): ReadOptions {
  const ending = extname(file).toLowerCase();
  return layouts.find(({ train }) => train.some(name => extname(name) === ending)) ?? {};
}

/** Whether a file of a data set's tree, by its path in it, may be one of the parts. */
function belongsTo(layouts: readonly Layout[], path: string): boolean {
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
