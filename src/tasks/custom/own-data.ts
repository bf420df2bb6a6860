import { existsSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { shellWord } from '../../core/format.ts';
import { dataFileEndings, readSomeRows, type TableOptions } from '../../data/rows/read-rows.ts';
import { columnList, type Row } from '../../data/rows/row.ts';
import { type Metrics, metricNamed, metrics } from '../../metrics/metrics.ts';
import { isTaskFile, taskFileBeside } from '../task-places.ts';
import { dataForm, findDataFiles, placesOfLabels } from './custom-task.ts';
import type { DataForm, Part } from './data-check.ts';
import { columnsOf, guessTask, idNames, labelNames } from './guess-task.ts';
import { tablesWithHeader } from './row-checks.ts';
import { readTaskFile } from './task-file.ts';

/** A user's rows, what a task makes of them, and why, in sentences. */
export interface OwnData {
  readonly parts: readonly Part[];
  readonly form: DataForm;
  readonly choices: readonly string[];
}

export interface OwnDataOptions {
  /** Where the files of a task.yaml may lie, too. */
  readonly dataFolder?: string;
  /** The column that is known to hold the label, of a data file. */
  readonly label?: string | undefined;
  /** Metrics that a task.yaml may name. */
  readonly known?: Metrics;
}

/**
 * The data of a task.yaml, or of a data file with what is guessed from it.
 * @throws InputError where a file is missing or malformed, or of another kind
 */
export async function readOwnData(
  path: string,
  { dataFolder = '', label, known = metrics }: OwnDataOptions = {},
): Promise<OwnData> {
  if (isTaskFile(path)) return ofTaskFile(path, dataFolder, known);
  if (dataFileEndings.includes(extname(path).toLowerCase())) return ofDataFile(path, label, known);
  if (!existsSync(path)) {
    throw new InputError('there is no such file', { code: 'missing-file', where: path, remedy: 'correct the path' });
  }
  throw new InputError('this is neither a task file nor a data file', {
    code: 'wrong-kind-of-file',
    where: path,
    remedy: `give a task.yaml, or data in ${dataFileEndings.join(', ')} (save a sheet as "CSV UTF-8")`,
  });
}

async function ofTaskFile(path: string, dataFolder: string, known: Metrics): Promise<OwnData> {
  const file = await readTaskFile(path, known);
  const { metric, files, columns } = file;
  const find = (name: string) => {
    const found = findDataFiles(name, [dirname(path), dataFolder]);
    return found.length > 0 ? found : [resolve(dirname(path), name)];
  };
  const parts = await readParts({ ...files }, find, { columns });
  const form = dataForm(file, path, metricNamed(metric, known));
  const choices = [`the task file's template reads ${named(form.fields)}; its label is ${named([form.label])}`];
  return { parts, form, choices };
}

async function ofDataFile(path: string, given: string | undefined, known: Metrics): Promise<OwnData> {
  const rows = await readSomeRows(path);
  const { fields, label, labels, metric, files } = guessTask(path, rows, given);
  const others = await readParts({ ...files, train: undefined }, name => [resolve(dirname(path), name)]);
  const parts: Part[] = [{ name: 'train', rows }, ...others];
  const form = {
    fields,
    label,
    labels: labels && new Map(labels.map(name => [name, name])),
    numbers: metric === 'pearson',
  };
  const beside = taskFileBeside(path);
  if (!existsSync(beside)) return { parts, form, choices: tellColumns(rows, form, given) };
  const told = `a run goes by their task file, which is there already: see s3delta check ${shellWord(beside)}`;
  const labelPlaces = placesOfLabels(await labelLinesOf(beside, known), beside);
  return { parts, form: { ...form, labelPlaces }, choices: [...tellColumns(rows, form, given), told] };
}

/** Of a file that cannot be read none: whoever looks it over is told. */
async function labelLinesOf(taskFile: string, known: Metrics): Promise<ReadonlyMap<string, number>> {
  try {
    return (await readTaskFile(taskFile, known)).labelLines;
  } catch (error) {
    if (error instanceof InputError) return new Map();
    throw error;
  }
}

async function readParts(
  files: { readonly [name in Part['name']]?: string | undefined },
  find: (name: string) => readonly string[],
  options: TableOptions = {},
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const name of ['train', 'validation', 'test'] as const) {
    if (files[name] === undefined) continue;
    const rows: Row[] = [];
    for (const file of find(files[name])) rows.push(...(await readSomeRows(file, options)));
    parts.push({ name, rows });
  }
  return parts;
}

/** Which columns were taken for what, and why. */
function tellColumns(rows: readonly Row[], { fields, label }: DataForm, given?: string): string[] {
  const byName = labelNames.test(label) ? 'its name says so' : 'it has the fewest different values';
  const others = columnsOf(rows).filter(name => name !== label && !fields.includes(name));
  const [ids, gaps] = [others.filter(name => idNames.test(name)), others.filter(name => !idNames.test(name))];
  const { file = '' } = rows[0] ?? {};
  const header = tablesWithHeader.includes(extname(file).toLowerCase())
    ? [`the first line of ${file} is taken for the names of the columns: ${columnList(columnsOf(rows))}`]
    : [];
  return [
    ...header,
    `the answers are in ${named([label])}: ${given === undefined ? byName : 'as you say'}`,
    `the model reads ${named(fields)}`,
    ...(ids.length > 0 ? [`left out as ids: ${named(ids)}`] : []),
    ...(gaps.length > 0 ? [`left out as numbers, lists, with gaps or without a name: ${named(gaps)}`] : []),
  ];
}

const named = (columns: readonly string[]): string => columns.map(name => `"${name}"`).join(', ');
