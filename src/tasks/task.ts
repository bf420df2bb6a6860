import type { StagePreset } from '../config/presets.ts';
import type { TextExample } from '../data/encode.ts';
import { InputError } from '../errors.ts';
import type { MetricName } from '../metrics/index.ts';

/** Labelled examples as the data set comes: not every one has all three parts. */
export interface OriginalSplits {
  readonly train: readonly TextExample[];
  readonly validation?: readonly TextExample[];
  readonly test?: readonly TextExample[];
}

/** The three sets of a run: D_train, D_val and D_test. */
export interface TaskData {
  readonly train: readonly TextExample[];
  readonly validation: readonly TextExample[];
  readonly test: readonly TextExample[];
  /** How the sets were made, in a sentence for people. */
  readonly note: string;
}

/** A text-to-text task: where its examples come from, how they are written, split and scored. */
export interface Task {
  readonly name: string;
  /** One line for lists. */
  readonly description: string;
  readonly metric: MetricName;
  /** The strings a target can be; undefined where targets are free text. Of two the last is the positive one. */
  readonly labels: readonly string[] | undefined;
  /** What labels stand for, where they are short for something: from a target string to its name. */
  readonly labelNames?: ReadonlyMap<string, string>;
  /** Writes the fields of a row as the model reads them; undefined where a source is more than the fields of a row. */
  readonly source?: (field: (name: string) => string) => string;
  /** Longest source in tokens, the end-of-sequence token included. */
  readonly maxSourceLength: number;
  /** Sizes of search and re-training (table 3 of the paper for its tasks). */
  readonly presets: { readonly search: StagePreset; readonly retrain: StagePreset };
  /**
   * Reads the examples. Tasks that bring their own data pass `dataFolder` over.
   * @throws InputError with file and line where data is missing or malformed.
   */
  load(dataFolder: string): Promise<OriginalSplits>;
  /** Draws the sets of a run; the same seed gives the same sets. */
  split(original: OriginalSplits, seed: number): TaskData;
}

/**
 * The data of a run: loaded, then split by the seed.
 * @throws InputError where data is missing or malformed, or a set would be empty.
 */
export async function loadTaskData(task: Task, options: { data: string; seed: number }): Promise<TaskData> {
  const data = task.split(await task.load(options.data), options.seed);
  for (const set of ['train', 'validation', 'test'] as const) {
    if (data[set].length === 0) {
      throw new InputError(`the ${set} set of task ${task.name} is empty`, {
        remedy: 'give data files with more rows: after the split training, validation and test each need at least one',
      });
    }
  }
  return data;
}
