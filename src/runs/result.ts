import { existsSync } from 'node:fs';
import { readJson } from '../files/read-json.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';

/** What a stage cost. */
export interface StageResources {
  readonly seconds: number;
  /** Largest resident memory of the process in this stage. */
  readonly peakBytes: number;
  /** Loss-and-gradient evaluations: five a step of a second-order search, two of a first-order one, one of training. */
  readonly evaluations: number;
}

/** Scores are 0 to 100. */
export interface Scores {
  readonly metric: string;
  /** Best validation score of the re-training. */
  readonly validation: number;
  /** Test score of the parameters that were best on validation. */
  readonly test: number;
  /** Test score of always giving the training set's commonest label. */
  readonly majority: number;
  /** Test score of a random structure of equal budget, trained alike, where one was asked for. */
  readonly random?: number;
}

/** A run's `result.json`. Other programs read it: fields are added, never renamed. */
export interface RunResult {
  readonly task: string;
  readonly model: string;
  readonly seed: number;
  /** What could be spent. `fraction` is of the backbone's parameters. */
  readonly budget: { readonly parameters: number; readonly fraction: number };
  /** What was spent: modules kept, and their parameters. */
  readonly structure: {
    readonly modules: number;
    readonly parameters: number;
    /** Where it was found, where it was carried over from other runs. */
    readonly source?: { readonly tasks: readonly string[]; readonly files: readonly string[] };
  };
  readonly score?: Scores;
  readonly resources: {
    readonly search?: StageResources;
    readonly retrain?: StageResources;
    /** Answering the test split. */
    readonly test?: { readonly seconds: number };
    /** All attempts together, where the method chose the best of several on validation; `retrain` is the chosen one. */
    readonly trials?: { readonly count: number; readonly seconds: number; readonly evaluations: number };
    /** Search over re-training: table 5 of the paper. */
    readonly ratio?: { readonly time: number; readonly memory: number };
  };
}

/** Search over re-training, where both were done. */
export function resourcesRatio(search?: StageResources, retrain?: StageResources) {
  if (search === undefined || retrain === undefined) return undefined;
  return { time: search.seconds / retrain.seconds, memory: search.peakBytes / retrain.peakBytes };
}

export function writeResult(file: string, result: RunResult): Promise<void> {
  return writeFileWhole(file, `${JSON.stringify(result, null, 2)}\n`);
}

/** The run's result, or undefined while it is not done. */
export async function readResult(file: string): Promise<RunResult | undefined> {
  return existsSync(file) ? ((await readJson(file)) as RunResult) : undefined;
}
