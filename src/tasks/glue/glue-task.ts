import { type BenchmarkTask, benchmarkTask } from '../benchmark-task.ts';
import { hubLayout, type Layout } from '../file-layout.ts';
import type { Task } from '../task.ts';

/** What one GLUE task says of itself. */
interface GlueTask extends Omit<BenchmarkTask, 'layouts' | 'dataSet' | 'maxSourceLength'> {
  /** The task's folder in GLUE's own layout, with train.tsv and dev.tsv. */
  readonly folder: string;
  /** How those are read, and what the validation set is called where it is not dev.tsv. */
  readonly tsv?: Pick<Layout, 'columns' | 'passOverShortLines'> & { readonly validation?: string };
  /** Name of the validation set in the Hub's files, where it has another. */
  readonly hubValidation?: string;
}

// Maximum source length of GLUE in the paper.
const MAX_SOURCE_LENGTH = 128;

/** A task over GLUE's own files, the Hub's Parquet files, or a sample of it in JSON. */
export function glueTask({ folder, tsv = {}, hubValidation, ...glue }: GlueTask): Task {
  const { validation = 'dev.tsv', ...options } = tsv;
  const own = [`glue/${folder}`, folder];
  return benchmarkTask({
    ...glue,
    dataSet: `GLUE's ${folder}`,
    maxSourceLength: MAX_SOURCE_LENGTH,
    layouts: [
      { folders: [...own, '.'], train: ['train.tsv'], validation: [validation], ...options },
      hubLayout([`glue/${glue.name}`, glue.name], hubValidation),
      { folders: own, train: ['sample*.train.json'], validation: ['sample*.dev.json'] },
    ],
  });
}
