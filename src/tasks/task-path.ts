import { basename, dirname, extname, join } from 'node:path';

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
