/**
 * `running`: a process works on it, or, where another machine's does or did, it has written something lately.
 * `stopped`, `failed`, `finished`: as its last process has said; `killed`: it has said nothing. `damaged`: a file cannot
 * be read.
 */
export type RunState = 'running' | 'stopped' | 'failed' | 'killed' | 'finished' | 'damaged';

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
  /** Settings of a search that make another search of it, by key; absent where nothing was searched. */
  readonly search?: Readonly<Record<string, string>>;
  readonly seed: number | null;
  /** How it ended where it is not finished, in words, and the command that goes on. */
  readonly ended?: { readonly text: string; readonly goOn?: string };
  /** Where an unfinished run stands. */
  readonly progress?: { readonly stage: string; readonly step: number; readonly steps: number };
  readonly metric?: string;
  /** 0 to 100. */
  readonly validation?: number;
  readonly test?: number;
  readonly parameters?: number;
  readonly modules?: number;
  /** Of the backbone's parameters. */
  readonly budget?: number;
  /** Task that its structure was found on, several joined by `+`; absent where it was not found. */
  readonly source?: string;
}
