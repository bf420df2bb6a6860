import { dirname, resolve } from 'node:path';
import { InputError } from '../../errors.ts';
import { readExamples } from '../read-examples.ts';
import { fillFromWhatIsThere } from '../splits.ts';
import type { OriginalSplits, Task } from '../task.ts';
import { namesOfTargets, type TextForm, targetStrings } from '../text-form.ts';
import { readTaskFile, type TaskFile } from './task-file.ts';

/**
 * A user's own task from a `task.yaml`. Its data files stand relative to the yaml's own folder, wherever `--data` is.
 * Missing validation and test sets are made as `fillFromWhatIsThere` says.
 * @throws InputError where the file is missing or wrong.
 */
export async function loadCustomTask(path: string): Promise<Task> {
  const file = await readTaskFile(path);
  const form = toForm(file, path);
  const stage = { batchSize: file.batchSize, epochs: file.epochs, evaluateEvery: file.evaluateEvery };
  const read = (name: string) => readExamples(resolve(dirname(path), name), form, file.columns);
  const { train, validation, test } = file.files;
  return {
    name: file.name,
    description: file.description,
    metric: file.metric,
    labels: form.labels && targetStrings(form.labels),
    ...(form.labels && { labelNames: namesOfTargets(form.labels) }),
    source: form.source,
    maxSourceLength: file.maxSourceLength,
    presets: { search: stage, retrain: stage },
    split: fillFromWhatIsThere,
    load: async (): Promise<OriginalSplits> => ({
      train: await read(train),
      ...(validation !== undefined && { validation: await read(validation) }),
      ...(test !== undefined && { test: await read(test) }),
    }),
  };
}

const PLACEHOLDER = /\{([^{}]+)\}/g;

function toForm({ template, label, labels, columns }: TaskFile, where: string): TextForm {
  const used = [...template.matchAll(PLACEHOLDER)].map(([, name]) => name!);
  if (used.length === 0) {
    throw new InputError('`template` names no column', {
      where,
      remedy: 'write a column as {name}, for example "review: {text}"',
    });
  }
  const unknown = columns && [...used, label].find(name => !columns.includes(name));
  if (unknown !== undefined) {
    throw new InputError(`the column "${unknown}" is not among \`columns\``, {
      where,
      remedy: `the columns are ${columns!.join(', ')}`,
    });
  }
  return {
    source: field => template.replace(PLACEHOLDER, (_, name: string) => field(name)),
    label,
    labels,
  };
}
