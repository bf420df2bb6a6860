import type { Row } from '../../data/rows/row.ts';
import { type BenchmarkTask, benchmarkTask } from '../benchmark-task.ts';
import { hubLayout } from '../file-layout.ts';
import type { Task } from '../task.ts';

/** What one SuperGLUE task says of itself. */
interface SuperGlueTask extends Omit<BenchmarkTask, 'layouts' | 'dataSet' | 'maxSourceLength'> {
  /**
   * The task's folder in SuperGLUE's own layout, with train.jsonl and val.jsonl; in lower case, its folder on the Hub.
   */
  readonly folder: string;
  /** From a line of those to rows with the Hub's columns, where lines are nested. */
  readonly unnest?: (row: Row) => readonly Row[];
  readonly maxSourceLength?: number;
}

/** Prefix of the names, which tells SuperGLUE's RTE from GLUE's. */
export const SUPERGLUE = 'superglue-';

// Maximum source length of SuperGLUE in the paper, where a task says nothing else.
const MAX_SOURCE_LENGTH = 256;

/** A task over SuperGLUE's own files, or the Hub's Parquet files. */
export function superGlueTask({ folder, unnest, maxSourceLength = MAX_SOURCE_LENGTH, ...task }: SuperGlueTask): Task {
  const config = folder.toLowerCase();
  return benchmarkTask({
    ...task,
    name: `${SUPERGLUE}${task.name}`,
    dataSet: `SuperGLUE's ${folder}`,
    maxSourceLength,
    layouts: [
      {
        folders: [`superglue/${folder}`, `super_glue/${folder}`, folder, '.'],
        train: ['train.jsonl'],
        validation: ['val.jsonl'],
        unnest,
      },
      hubLayout([`superglue/${config}`, `super_glue/${config}`, config]),
    ],
  });
}
