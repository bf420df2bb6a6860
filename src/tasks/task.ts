import { z } from 'zod';
import { checkArgument } from '../core/checked-values.ts';
import { type Finding, InputError, throwIfInterrupted } from '../core/errors.ts';
import type { Example } from '../data/example.ts';
import type { DownloadOptions } from '../hub/snapshot.ts';
import type { SegmentsOfRow, TaskRows } from './row-form.ts';
import { dataFolder } from './task-places.ts';

/** Labelled examples as the data set comes: not every one has all three parts. */
export interface OriginalSplits {
  /** Empty where the data at hand lack the training set. */
  readonly train: readonly Example[];
  readonly validation?: readonly Example[];
  readonly test?: readonly Example[];
  /** In a sentence, what the data at hand lack of the whole data set. */
  readonly incomplete?: string;
  /** The files that were read, where they are files. */
  readonly files?: readonly string[];
  /** What the rows show, the worst first. */
  readonly findings?: readonly Finding[];
}

/** The three sets of a run: D_train, D_val and D_test. */
export interface TaskData {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly test: readonly Example[];
  /** How the sets were made, in a sentence for people. */
  readonly note: string;
  /** In a sentence, what the data at hand lack of the whole data set. */
  readonly incomplete?: string;
  /** The files that were read, where they are files. */
  readonly files?: readonly string[];
  /** What the rows show, the worst first. */
  readonly findings?: readonly Finding[];
}

/**
 * A task: where its examples come from, what is read and answered, how they are split and scored. How a model writes it
 * is the model's.
 */
export interface Task {
  readonly name: string;
  /** One line for lists. */
  readonly description: string;
  /** By its name in the catalogue. */
  readonly metric: string;
  /** Metrics reported beside it. */
  readonly details?: readonly string[];
  /**
   * Names of the classes to choose among, undefined where answers are free text or numbers. Of two the last is the
   * positive one.
   */
  readonly labels: readonly string[] | undefined;
  /** What a model that answers in text says for each class, where it is not the model's own way to say it. */
  readonly words?: readonly string[];
  /** Whether answers are numbers. */
  readonly numbers?: boolean;
  /**
   * Whether each example gives its own answers to choose among (`Segment.choice`); with labels, one for each of these.
   */
  readonly choices?: boolean;
  /** The file that says all this, where one does, and its text. */
  readonly file?: { readonly path: string; readonly text: string };
  /** What the fields of a row give to read; undefined where an input is more than the fields of a row. */
  readonly segments?: SegmentsOfRow;
  /** How its data files are read, row by row; undefined where examples are made of something else. */
  readonly rows?: TaskRows;
  /** Longest input in tokens, those included that the model adds. */
  readonly maxSourceLength: number;
  /** Longest answer in tokens where answers are free text, without those that the model adds (default 16). */
  readonly maxTargetLength?: number;
  /** Sizes of search and re-training (table 3 of the paper for its tasks). */
  readonly presets: { readonly search: StagePreset; readonly retrain: StagePreset };
  /** Where in `dataFolder` the data lie, or where else; undefined where they are not found. Reads none of them. */
  find(dataFolder: string): string | undefined;
  /** Whether a file of a data set's folder, by its path in it written with `/`, may be one the task reads. */
  mayRead(path: string): boolean;
  /**
   * Reads the examples. Tasks that bring their own data pass `dataFolder` over, and download what is not here.
   * @throws InputError with file and line where data is missing or malformed.
   */
  load(dataFolder: string, options?: DownloadOptions): Promise<OriginalSplits>;
  /** Draws the sets of a run; the same seed gives the same sets. */
  split(original: OriginalSplits, seed: number): TaskData;
}

/** Which data, and how the sets are drawn. */
export interface DataOptions extends DownloadOptions {
  /** A folder, or `org/name` or `org/name@revision` of a data set on the Hub, which is downloaded once. */
  readonly data: string;
  readonly seed: number;
}

const aTask = z.custom<Task>(value => typeof (value as Partial<Task> | undefined)?.load === 'function', {
  error: 'a task, as `loadTask` returns it',
});
const dataOptions = z.looseObject({}, { error: '`{ data, seed }`' }).extend({
  data: z.string({ error: 'a folder, or `org/name` of a data set on the Hub' }),
  seed: z.int({ error: 'a whole number, not below 0' }).nonnegative({ error: 'a whole number, not below 0' }),
});

/**
 * The data of a run: loaded, then split by the seed.
 * @throws InputError where data is missing or malformed, or a set would be empty; InterruptedError where the signal has
 * aborted.
 */
export async function loadTaskData(
  task: Pick<Task, 'name' | 'load' | 'split' | 'mayRead'>,
  options: DataOptions,
): Promise<TaskData> {
  checkArgument('loadTaskData(task)', aTask, task);
  checkArgument('loadTaskData(task, options)', dataOptions, options);
  throwIfInterrupted(options.signal);
  const original = await task.load(await dataFolder(task, options.data, options), options);
  throwIfInterrupted(options.signal);
  const { incomplete, findings, files } = original;
  const data = {
    ...task.split(original, options.seed),
    ...(incomplete !== undefined && { incomplete }),
    ...(findings !== undefined && { findings }),
    ...(files !== undefined && { files }),
  };
  for (const set of ['train', 'validation', 'test'] as const) {
    if (data[set].length === 0) {
      throw new InputError(`the ${set} set of task ${task.name} is empty`, {
        code: 'empty-data',
        remedy: 'give data files with more rows: after the split training, validation and test each need at least one',
      });
    }
  }
  return data;
}

/** Sizes of one stage: the columns of the paper's table 3. */
interface StagePreset {
  readonly batchSize: number;
  readonly epochs: number;
  /** Steps between two validations. */
  readonly evaluateEvery: number;
}

/** What a task suggests where the user says nothing. */
export interface Preset {
  /** Longest source, in tokens. */
  readonly maxLength: number;
  readonly search: StagePreset;
  readonly retrain: StagePreset;
  /** Learning rate of the modules' parameters, where it is not the paper's 3e-4. */
  readonly learningRate?: number;
  /** That of full fine-tuning, where it is not the paper's 3e-5. */
  readonly fineTuningLearningRate?: number;
  /** Most steps of each stage; without it the epochs decide. */
  readonly maxSteps?: number;
  /** Parameters to spend, where they are not the paper's 1.39 of ten thousand. */
  readonly budget?: string;
  readonly maxValidation?: number;
  readonly maxTest?: number;
}
