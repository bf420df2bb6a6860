import type { StagePreset } from '../config/presets.ts';
import type { TextExample } from '../data/encode.ts';
import { InputError, throwIfInterrupted } from '../errors.ts';
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
 * @throws InputError where data is missing or malformed, or a set would be empty; InterruptedError where the signal has
 * aborted.
 */
export async function loadTaskData(
  task: Task,
  { data: folder, seed, signal }: { data: string; seed: number; signal?: AbortSignal },
): Promise<TaskData> {
  throwIfInterrupted(signal);
  const original = await task.load(folder);
  throwIfInterrupted(signal);
  const data = task.split(original, seed);
  for (const set of ['train', 'validation', 'test'] as const) {
    if (data[set].length === 0) {
      throw new InputError(`the ${set} set of task ${task.name} is empty`, {
        remedy: 'give data files with more rows: after the split training, validation and test each need at least one',
      });
    }
  }
  return data;
}
