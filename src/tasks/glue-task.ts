import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { readExamples } from './read-examples.ts';
import type { Task } from './task.ts';
import { namesOfTargets, type TextForm, targetStrings } from './text-form.ts';

/** What one GLUE task says of itself. `source` is what follows the prefix `<name> `. */
interface GlueTask
  extends Omit<TextForm, 'labels'>,
    Pick<Task, 'name' | 'description' | 'metric' | 'presets' | 'split'> {
  /** From the data's labels to target strings. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the target strings stand for, where the data's labels do not say it. */
  readonly labelNames?: Readonly<Record<string, string>>;
  /** The task's folder in GLUE's layout, with train.tsv and dev.tsv. */
  readonly folder: string;
  /** Column names, where the files have no header line. */
  readonly columns?: readonly string[];
}

// Maximum source length of GLUE in the paper.
const MAX_SOURCE_LENGTH = 128;

/** A task over GLUE's own files, read without quoting, as they are written. */
export function glueTask(glue: GlueTask): Task {
  const labels = new Map(Object.entries(glue.labels));
  const form: TextForm = { labels, label: glue.label, source: field => `${glue.name} ${glue.source(field)}` };
  return {
    name: glue.name,
    description: glue.description,
    metric: glue.metric,
    labels: targetStrings(labels),
    labelNames: glue.labelNames === undefined ? namesOfTargets(labels) : new Map(Object.entries(glue.labelNames)),
    source: form.source,
    maxSourceLength: MAX_SOURCE_LENGTH,
    presets: glue.presets,
    split: glue.split,
    load: async dataFolder => {
      const folder = findFolder(dataFolder, glue.folder);
      const read = (name: string) => readExamples(join(folder, name), form, glue.columns);
      return { train: await read('train.tsv'), validation: await read('dev.tsv') };
    },
  };
}

/** The task's folder: in GLUE's layout, beside other tasks, or the given folder itself. */
function findFolder(dataFolder: string, name: string): string {
  const candidates = [join(dataFolder, 'glue', name), join(dataFolder, name), dataFolder];
  const found = candidates.find(folder => existsSync(join(folder, 'train.tsv')));
  if (found !== undefined) return found;
  throw new InputError(`no data of GLUE's ${name} here`, {
    where: dataFolder,
    remedy: `put train.tsv and dev.tsv into ${candidates[0]}, or give their folder with --data`,
  });
}
