import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { readJson } from '../files/read-json.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';

/** What a stage cost. */
export interface StageResources {
  readonly seconds: number;
  /** Largest resident memory in this stage, of all processes that have worked at it. */
  readonly peakBytes: number;
  /** Loss-and-gradient evaluations: `stepEvaluations` (`search/strategies/bilevel/mixed-derivative.ts`) a step of a search, one of training. */
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
  /** Test scores by further metrics of the task, where it has any. */
  readonly details?: Readonly<Record<string, number>>;
  /** Test score of a random structure of equal budget, trained alike, where one was asked for. */
  readonly random?: number;
}

/** A run's `result.json`. Other programs read it: fields are added, never renamed. */
export interface RunResult {
  readonly task: string;
  readonly model: string;
  readonly seed: number;
  /** Where it was computed, the last of it where it was resumed: `cpu`, `webgpu` or `cuda`. */
  readonly device?: string;
  /** Examples of each set, and how the sets were made. */
  readonly data?: {
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    readonly note: string;
    /** What the data at hand lack of the whole data set, in a sentence. */
    readonly incomplete?: string;
    /** How many answers are longer than any that is given. */
    readonly tooLong?: string;
  };
  /** What could be spent. `fraction` is of the backbone's parameters. */
  readonly budget: { readonly parameters: number; readonly fraction: number };
  /** What was spent: modules kept, and their parameters. */
  readonly structure: {
    readonly modules: number;
    readonly parameters: number;
    /** Parameters of the model's heads, trained whatever the structure and outside the budget; absent where there are none. */
    readonly head?: number;
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

// JSON has no NaN, the score of a metric that is not defined: it is written as null.
const score = z.nullable(z.number()).transform(value => value ?? Number.NaN);
const resources = z.looseObject({ seconds: z.number(), peakBytes: z.number(), evaluations: z.number() });
const runResult = z.looseObject({
  task: z.string(),
  model: z.string(),
  seed: z.number(),
  device: z.string().optional(),
  data: z
    .looseObject({ note: z.string(), incomplete: z.string().optional(), tooLong: z.string().optional() })
    .optional(),
  budget: z.looseObject({ parameters: z.number(), fraction: z.number() }),
  structure: z.looseObject({ modules: z.number(), parameters: z.number(), head: z.number().optional() }),
  score: z
    .looseObject({
      ...{ metric: z.string(), validation: score, test: score, majority: score, random: score.optional() },
      details: z.record(z.string(), score).optional(),
    })
    .optional(),
  resources: z.looseObject({
    search: resources.optional(),
    retrain: resources.optional(),
    ratio: z.looseObject({ time: z.number(), memory: z.number() }).optional(),
  }),
});

/** The run's result, or undefined while it is not done. InputError where the file is not one. */
export async function readResult(file: string): Promise<RunResult | undefined> {
  if (!isThere(file)) return undefined;
  const parsed = runResult.safeParse(await readJson(file));
  if (parsed.success) return parsed.data as RunResult;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the result of a run: ${path.join('.') || 'content'}: ${message}`, {
    code: 'unreadable-result',
    where: file,
    remedy: 'it was changed by hand or by another program: remove it, and go on with --resume',
    cause: parsed.error,
  });
}
