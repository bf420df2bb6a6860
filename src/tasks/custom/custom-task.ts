import { dirname, parse, posix, resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { answersTo, type Example } from '../../data/example.ts';
import { findFiles, fitsPattern } from '../../data/rows/find-files.ts';
import { readTextFile } from '../../files/text-files.ts';
import { spelledNumber } from '../../metrics/correlation.ts';
import type { Metric } from '../../metrics/metric.ts';
import { type Metrics, metricNamed, metrics } from '../../metrics/metrics.ts';
import { type NumberForm, type RowForm, readLabelledRows, toExample, wordedClasses } from '../row-form.ts';
import { fromTemplates, placeholdersOf, strayBrace } from '../segments.ts';
import { fillFromWhatIsThere } from '../splits.ts';
import type { OriginalSplits, Task } from '../task.ts';
import { checkRows } from './check-data.ts';
import type { DataForm, Part } from './data-check.ts';
import { parseTaskFile, type TaskFile } from './task-file.ts';

/**
 * A user's own task from a `task.yaml`. Its data files lie beside it, or else in the data folder; `*` in a name stands
 * for any characters, so that `train-*.parquet` names all shards.
 * Missing validation and test sets are made as `fillFromWhatIsThere` says.
 * @param text what the file says, or said when a run was begun with it (default: what it says now)
 * @throws InputError where the file is missing or wrong.
 */
export async function loadCustomTask(path: string, known: Metrics = metrics, text?: string): Promise<Task> {
  const content = text ?? (await readTextFile(path));
  const file = parseTaskFile(content, path, known, { isKept: text !== undefined });
  const form = toForm(file, path, metricNamed(file.metric, known));
  const stage = { batchSize: file.batchSize, epochs: file.epochs, evaluateEvery: file.evaluateEvery };
  const { train, validation, test } = file.files;
  const find = (name: string, dataFolder: string) => findDataFiles(name, [dirname(path), dataFolder]);
  return {
    name: file.name,
    file: { path, text: content },
    description: file.description,
    metric: file.metric,
    labels: form.classes?.names,
    ...(form.numbers !== undefined && { numbers: true }),
    ...(form.classes?.words && { words: form.classes.words }),
    segments: form.segments,
    rows: { form, optionsFor: () => ({ columns: file.columns }) },
    maxSourceLength: file.maxSourceLength,
    maxTargetLength: file.maxTargetLength,
    presets: { search: stage, retrain: stage },
    split: fillFromWhatIsThere,
    find: dataFolder => find(train, dataFolder)[0],
    mayRead: name => Object.values(file.files).some(pattern => fitsPattern(name, posix.normalize(pattern))),
    load: async (dataFolder): Promise<OriginalSplits> => {
      const parts: Part[] = [];
      const files: string[] = [];
      const read = async (name: Part['name'], pattern: string) => {
        const there = find(pattern, dataFolder);
        const found = there.length > 0 ? there : [resolve(dirname(path), pattern)];
        files.push(...found);
        const rows = await readLabelledRows(found, form, { columns: file.columns });
        parts.push({ name, rows });
        return rows.map(row => toExample(row, form));
      };
      const examples = await read('train', train);
      requireTwoAnswers(examples, train);
      return {
        train: examples,
        files,
        ...(validation !== undefined && { validation: await read('validation', validation) }),
        ...(test !== undefined && { test: await read('test', test) }),
        findings: checkRows(parts, dataForm(file, path, metricNamed(file.metric, known))),
      };
    },
  };
}

/** What is looked at in the rows of the task file at `path`. */
export function dataForm(
  { template, label, labels, labelLines }: TaskFile,
  path: string,
  { numbers = false }: Metric,
): DataForm {
  const fields = [...new Set([template].flat().flatMap(placeholdersOf))];
  return { fields, label, labels, labelPlaces: placesOfLabels(labelLines, path), numbers };
}

/** Where each label stands in a task file: `reviews.task.yaml:9`. */
export function placesOfLabels(lines: TaskFile['labelLines'], path: string): ReadonlyMap<string, string> {
  return new Map([...lines].map(([label, line]) => [label, `${path}:${line}`]));
}

/** @throws InputError where all of several rows have the same answer: a run would learn to say it, and score 100 */
function requireTwoAnswers(examples: readonly Example[], where: string): void {
  const answers = new Set(examples.flatMap(answersTo).map(answer => JSON.stringify(answer)));
  if (examples.length === 1 || answers.size > 1) return;
  throw new InputError('every training row has the same answer, so there is nothing to learn', {
    code: 'untrainable-data',
    where,
    remedy: 'give rows with another answer, or correct `label` in the task file',
  });
}

/** The files that a name of the task file means, in the first of some folders that has any. */
export function findDataFiles(name: string, folders: readonly string[]): readonly string[] {
  const { root } = parse(name);
  if (root !== '') return findFiles(root, name.slice(root.length));
  return folders.map(folder => findFiles(folder, name)).find(files => files.length > 0) ?? [];
}

/** What a metric of numbers compares, written as in the data. */
const numberForm = (metric: string): NumberForm => ({
  name: `a number, as the metric ${metric} needs`,
  read: label => spelledNumber(label.trim()),
  remedy: 'write a number there, with a point (3.5) and not a comma, or choose another `metric` in the task file',
});

function toForm(
  { template, label, labels, columns, metric }: TaskFile,
  where: string,
  { oneAnswer = false, numbers = false }: Metric,
): RowForm {
  const texts = [template].flat();
  const used = texts.flatMap(placeholdersOf);
  const stray = texts.map(strayBrace).find(found => found !== undefined);
  if (stray !== undefined) {
    throw new InputError(`\`template\` has a brace that is not part of a column's name: ${JSON.stringify(stray)}`, {
      code: 'bad-template',
      where,
      remedy: 'write a column as {name}, with both braces and a name; a text for the model cannot hold { or }',
    });
  }
  const empty = texts.find(text => placeholdersOf(text).length === 0);
  if (empty !== undefined) {
    const which = texts.length === 1 ? '`template`' : `\`template\`, ${JSON.stringify(empty)},`;
    throw new InputError(`${which} names no column`, {
      code: 'bad-template',
      where,
      remedy: 'write a column as {name}, for example "review: {text}"',
    });
  }
  const unknown = columns && [...used, label].find(name => !columns.includes(name));
  if (unknown !== undefined) {
    throw new InputError(`the column "${unknown}" is not among \`columns\``, {
      code: 'missing-column',
      where,
      remedy: `the columns are ${columns!.join(', ')}`,
    });
  }
  return {
    segments: fromTemplates(texts.map(text => ({ text }))),
    label,
    classes: labels && wordedClasses(labels),
    oneAnswer,
    ...(numbers && { numbers: numberForm(metric) }),
  };
}
