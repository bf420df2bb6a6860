import type { z } from 'zod';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { InputError, StorageError } from '../../core/errors.ts';
import type { JobContext, JobEvent } from '../../jobs/job-events.ts';
import type { RunResult } from '../../runs/result.ts';
import type { Cell } from '../cell.ts';
import type { SharedLoaders } from '../shared-loaders.ts';

/** Where a cell stands. It may run and wait several times; `done` and `failed` end it, `interrupted` leaves it open. */
export type CellState =
  | { readonly state: 'waiting' }
  | { readonly state: 'running'; readonly event?: JobEvent }
  | {
      readonly state: 'done';
      readonly result: RunResult;
      /** Wall-clock seconds, where this process has done it. */
      readonly seconds?: number;
    }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'interrupted'; readonly message: string };

/** Takes each news of a cell, in its order. */
export type TellState = (cell: Cell, state: CellState) => void;

/** Who does the cells of an experiment. */
export interface Executor {
  /** Whether it does one cell after the other, so that all that they tell can be shown. */
  readonly oneByOne: boolean;
  /** Sentences and scripts: what `run` would do with these cells. Touches no file and no queue. */
  rehearse(cells: readonly Cell[]): Promise<readonly string[]>;
  /**
   * Does cells that need nothing of each other, and tells of each until it has ended. One that fails does not stop the
   * others. An aborted signal asks it to return soon: what this process computes is saved, what others compute may
   * go on there, and the next `run` with the same cells (by their `cellId`) finds it again.
   * @throws what stands in the way of all cells, as a queue that cannot be reached
   */
  run(cells: readonly Cell[], tell: TellState, signal: AbortSignal): Promise<void>;
  /** Ends what it has started in this process. */
  close(): Promise<void>;
}

/** What an executor is opened with, beside its options. */
export interface ExecutorContext {
  /** Folder of the experiment; it may not be there yet. */
  readonly out: string;
  /** Every cell of every phase, done or not. */
  readonly cells: readonly Cell[];
  /** What the experiment was checked with. */
  readonly loaders: SharedLoaders;
  readonly catalogue?: Catalogue | undefined;
  tell(text: string): void;
}

/** Reaches cells that a queue was given, after the process that gave them is gone. */
export interface CellQueue {
  /** What the queue says of cells, by `cellId`, in its own words; cells that it does not know are left out. */
  standing(cells: readonly Cell[]): Promise<ReadonlyMap<string, string>>;
  /** Takes these cells out of the queue; those at work save and end. Returns how many it has stopped. */
  cancel(cells: readonly Cell[]): Promise<number>;
  close(): Promise<void>;
}

/** A kind of executor. A new one is a file or folder beside this one and a word in `executors.ts`. */
export interface ExecutorKind<Options extends z.ZodObject = z.ZodObject, Name extends string = string> {
  readonly name: Name;
  /** For `--help`: who does the runs. */
  readonly description: string;
  /** Options as flags and keys of a config file, with what `--help` says of each (`core/checked-values.ts`). */
  readonly options: Options;
  /** Options that say where its queue is: `status` and `stop` take them, too. */
  readonly reachedBy?: readonly string[];
  /** Processor threads of a run where the user says nothing (default: as many as the machine has). */
  threads?(options: z.output<Options>): number | undefined;
  /**
   * Makes ready to run. Touches no file.
   * @throws InputError for what can be known to go wrong: a program that is missing, a queue that there is not
   */
  open(options: z.output<Options>, context: ExecutorContext): Promise<Executor>;
  /** Absent where nothing outlives the process. InputError where the queue cannot be reached. */
  queue?(options: z.output<Options>, out: string): Promise<CellQueue>;
}

/** Does one run at a time: this process, or a child of it. */
export interface Runner {
  run(cell: Cell, context: Pick<JobContext, 'onEvent' | 'signal'>): Promise<RunResult>;
  close(): Promise<void>;
}

/** A run's failure as another process has told it: its message is all there is to say. */
export class RunError extends Error {}

/** A mistake of the user's, and a machine's refusal, with its remedy; of anything else, where it happened. */
export function describeError(error: unknown): string {
  if (error instanceof InputError || error instanceof StorageError)
    return [error.message, error.remedy].filter(Boolean).join(' → ');
  if (error instanceof RunError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
