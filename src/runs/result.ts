import { z } from 'zod';
import { InputError, severities } from '../core/errors.ts';
import { readNotedJson } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';

/** JSON has no NaN, the score of a metric that is not defined: it is written as null. */
export const scoreRecord = z.nullable(z.number()).transform(value => value ?? Number.NaN);

const stageResources = z.looseObject({
  seconds: z.number(),
  /** Largest resident memory in this stage, of all processes that have worked at it. */
  peakBytes: z.number(),
  /**
   * Loss-and-gradient evaluations: one a step of tuning, and of a search by its strategy: one by the default,
   * `stepEvaluations` (`search/strategies/bilevel/step-orders.ts`) by S³Delta's.
   */
  evaluations: z.number(),
});

const scores = z.looseObject({
  metric: z.string(),
  /** Best validation score of the tuning. */
  validation: scoreRecord,
  /** Test score of the parameters that were best on validation. */
  test: scoreRecord,
  /** Test score of always giving the training set's commonest label. */
  majority: scoreRecord,
  /** Test scores by further metrics of the task, where it has any. */
  details: z.record(z.string(), scoreRecord).optional(),
  /** Test score of a random structure of equal budget, tuned alike, where one was asked for. */
  random: scoreRecord.optional(),
});

/** Objects are loose: what a later version adds is kept where a result is read, changed and written again. */
const runResult = z.looseObject({
  task: z.string(),
  model: z.string(),
  seed: z.number(),
  /** Where it was computed, the last of it where it was resumed: `cpu`, `webgpu` or `cuda`. */
  device: z.string().optional(),
  /** Examples of each set, and how the sets were made. */
  data: z
    .looseObject({
      train: z.number(),
      validation: z.number(),
      test: z.number(),
      note: z.string(),
      /** What the data at hand lack of the whole data set, in a sentence. */
      incomplete: z.string().optional(),
      /** How many answers are longer than any that is given. */
      tooLong: z.string().optional(),
      /** How many texts are longer than is read, in a sentence and, where there are any, in numbers. */
      cutTexts: z.string().optional(),
      inputs: z
        .looseObject({
          all: z.number(),
          cut: z.number(),
          sets: z.record(z.string(), z.looseObject({ all: z.number(), cut: z.number() })),
          lost: z.record(z.string(), z.number()),
        })
        .optional(),
      /** How many answers the model cannot say as they are written. */
      respelled: z.string().optional(),
      /** What the rows of a user's own show, the worst first. */
      findings: z
        .array(z.object({ severity: z.enum(severities), text: z.string() }).readonly())
        .readonly()
        .optional(),
    })
    .optional(),
  /** What could be spent. `fraction` is of the backbone's parameters. */
  budget: z.looseObject({ parameters: z.number(), fraction: z.number() }),
  /** What was spent: modules kept, and their parameters. */
  structure: z.looseObject({
    modules: z.number(),
    parameters: z.number(),
    /**
     * Parameters of the model's heads, trained whatever the structure and outside the budget; absent where there are
     * none.
     */
    head: z.number().optional(),
    /** Where it was found, where it was carried over from other runs. */
    source: z.looseObject({ tasks: z.array(z.string()).readonly(), files: z.array(z.string()).readonly() }).optional(),
  }),
  score: scores.optional(),
  /** Where the test score would lie 95 times of 100, were its rows drawn again. */
  testInterval: z.looseObject({ low: z.number(), high: z.number() }).optional(),
  resources: z.looseObject({
    search: stageResources.optional(),
    retrain: stageResources.optional(),
    /** Answering the test split. */
    test: z.looseObject({ seconds: z.number() }).optional(),
    /** All trials together, where the method chose the best of several on validation; `retrain` is the chosen one. */
    trials: z.looseObject({ count: z.number(), seconds: z.number(), evaluations: z.number() }).optional(),
    /** Search over tuning: table 5 of the paper. */
    ratio: z.looseObject({ time: z.number(), memory: z.number() }).optional(),
  }),
});

/** The keys of loose objects that are known, not to be changed. */
type Known<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T as string extends Key ? (unknown extends T[Key] ? never : Key) : Key]: Known<T[Key]> }
    : T;

/** What a stage cost. */
export type StageResources = Known<z.output<typeof stageResources>>;

/** Scores are 0 to 100. */
export type Scores = Known<z.output<typeof scores>>;

/** A run's `result.json`. Other programs read it: fields are added, never renamed. */
export type RunResult = Known<z.output<typeof runResult>>;

/** Search over tuning, where both were done. */
export function resourcesRatio(search?: StageResources, tuning?: StageResources) {
  if (search === undefined || tuning === undefined) return undefined;
  return { time: search.seconds / tuning.seconds, memory: search.peakBytes / tuning.peakBytes };
}

export function writeResult(file: string, result: RunResult): Promise<void> {
  return writeFileWhole(file, `${JSON.stringify(result, null, 2)}\n`);
}

/** The run's result, or undefined while it is not done. InputError where the file is not one. */
export async function readResult(file: string): Promise<RunResult | undefined> {
  if (!isThere(file)) return undefined;
  const parsed = runResult.safeParse(await readNotedJson(file));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the result of a run: ${path.join('.') || 'content'}: ${message}`, {
    code: 'unreadable-result',
    where: file,
    remedy: 'it was changed by hand or by another program: remove it, and go on with --resume',
    cause: parsed.error,
  });
}
