/** A run of `s3delta compare`, as it is kept. */
export interface ComparedRun {
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  /** Of the training. */
  readonly steps: number;
  readonly validation: number;
  readonly test: number;
  readonly modules: readonly string[];
}

/** The file of them, from the project's root. */
export const comparedRuns = 'docs/measured/encoders-found.jsonl';

export const runKey = ({ task, steps, method, seed }: ComparedRun): string => [task, steps, method, seed].join('/');
