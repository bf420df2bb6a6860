/**
 * `running`: a process works on it, or, where another machine's does or did, it has written something lately.
 * `stopped`, `failed`, `finished`: as its last process has said; `killed`: it has said nothing. `damaged`: a file
 * cannot be read.
 */
export type RunState = 'running' | 'stopped' | 'failed' | 'killed' | 'finished' | 'damaged';

/** A comparison, a sweep or a transfer that has ended: a folder of runs with what they have shown together. */
export interface ComparisonSummary {
  /** Path of its folder below the folder that is served; `.` is that itself. */
  readonly id: string;
  /** When it was written last, in milliseconds since 1970. */
  readonly changed: number;
}

/** Where an unfinished run stood when it wrote last. */
export interface RunProgress {
  readonly stage: string;
  readonly step: number;
  /** 0 where the stage has only just begun, and its length is not known yet. */
  readonly steps: number;
  /** Its last validation, where its curves end, if it was left after a later step: from `step` it goes on. */
  readonly validated?: number;
  /** Since the stage began. */
  readonly seconds?: number;
  /** Steps between its last two lines, or before its first. */
  readonly every?: number;
  /** What is to come after it, in parts of what it takes itself. */
  readonly later?: number;
}

/**
 * What is to come after a stage of a job, in parts of what it takes itself: a loss-and-gradient evaluation takes as
 * long in each. Undefined where that is not known.
 * @param place of the stage among all of the job, in their order
 */
export function shareToCome(stages: readonly { readonly evaluations: number }[], place: number): number | undefined {
  const own = stages[place]?.evaluations ?? 0;
  if (own === 0) return undefined;
  return stages.slice(place + 1).reduce((sum, { evaluations }) => sum + evaluations, 0) / own;
}

/** A run as one line of a list. */
export interface RunSummary {
  /** Path of its folder below the folder that is served, with `/` between names. */
  readonly id: string;
  readonly state: RunState;
  /** When it wrote last, in milliseconds since 1970. */
  readonly changed: number;
  readonly task: string;
  readonly model: string;
  /** `search`, a manual method, or `structure` where a structure file was given. */
  readonly method: string;
  /** Settings that make another search or training of it, by key; those that are not set stand for nothing. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Its stages, in their order. */
  readonly stages?: readonly string[];
  readonly seed: number | null;
  /** How it ended where it is not finished, in words; the command that goes on, or begins anew, as `wayOn` says. */
  readonly ended?: { readonly text: string; readonly goOn?: string; readonly wayOn?: string };
  /** Of an unfinished run. */
  readonly progress?: RunProgress;
  readonly metric?: string;
  /** 0 to 100. */
  readonly validation?: number;
  readonly test?: number;
  /** Examples that it learnt from and was judged by. */
  readonly examples?: { readonly train: number; readonly test: number };
  readonly parameters?: number;
  readonly modules?: number;
  /** Of the backbone's parameters. */
  readonly budget?: number;
  /** Task that its structure was found on, several joined by `+`; absent where it was not found. */
  readonly source?: string;
}
