import type { z } from 'zod';
import type { EncodedExample, Trainable } from '../../core/program.ts';
import type { DeltaModule } from '../../core/site.ts';
import type { FinalistRecord } from '../../structure/structure-file.ts';
import type { EvaluationEvent, LoopContext, StepProgress } from '../../training/loop.ts';
import type { StageConfig, StageCost, StepReport } from '../../training/stage.ts';

/** What is to be searched, in plain values. */
export interface SearchProblem {
  /** What may be kept, in the order of everything that is said of them. */
  readonly candidates: readonly DeltaModule[];
  /** Parameters to spend; as many as all candidates have where there is no limit. */
  readonly budget: number;
  /** Whether modules that cannot change the output may be kept. */
  readonly keepInert: boolean;
  /** Parameters of the model's heads, which are trained beside whatever is kept; 0 where it has none. */
  readonly headSize: number;
  /** The training set, whole: a strategy that needs parts divides it. */
  readonly examples: readonly EncodedExample[];
  /** Sizes and rates of the search. */
  readonly stage: StageConfig;
  /** Those of the training of what is found. */
  readonly tuning: StageConfig;
  /**
   * Loss-and-gradient evaluations that the default strategy makes: for one that has no length of its own to spend as
   * much.
   */
  readonly usualEvaluations: number;
}

/** Modules on the backbone, ready to be trained and scored. */
export interface CompiledModules {
  readonly program: Trainable;
  readonly initialDelta: Float32Array;
  /** Validation score; higher is better. The arrays may change in place afterwards. */
  evaluate(delta: Float32Array, gates?: Float32Array): Promise<number>;
  /**
   * Mean loss of the validation examples, by which choices inside a search go: a few hundred rows tell it closer.
   * @param most of them at even distances, where all would be more
   */
  validationLoss(delta: Float32Array, gates?: Float32Array, most?: number): Promise<number>;
  /** Frees the memory; what a search leaves open is freed when it ends. */
  release(): Promise<void>;
}

/** Compiles modules: all candidates, or a structure. It takes seconds and most of a job's memory. */
export type Compile = (modules: readonly DeltaModule[]) => Promise<CompiledModules>;

/** What every search tells of a step. What is not known, or not yet, is left out. */
export interface SearchStepEvent extends StepProgress, StepReport {
  /** Tokens of the step's batches, without padding. */
  readonly tokens: number;
  /** Of each candidate to be kept, after the step: a strategy that has such is drawn by them. */
  readonly probabilities?: Float64Array;
  /** What each candidate is worth after the step. */
  readonly worth?: Float64Array;
}

/** What a search tells while it runs. */
export type SearchEvent = SearchStepEvent | EvaluationEvent;

/** What a search has found out, one element a candidate. What is kept follows from it (`chooseStructure`). */
export interface SearchResult {
  /** The larger, the sooner kept. Finite. */
  readonly worth: Float64Array;
  /** Of each to be kept, for a strategy that has such. */
  readonly probabilities?: Float64Array;
  /** Which must not be kept, at any budget; none without it. */
  readonly closed?: readonly boolean[];
  /** Structures that were trained for short before one of them was found, the best first. */
  readonly finalists?: readonly FinalistRecord[];
  /** Validation score of what was found, for a strategy that takes it. */
  readonly score?: number;
  /** The model's heads as they were trained beside the candidates, for a strategy that trains them. */
  readonly heads?: Float32Array;
  /** Steps done. */
  readonly steps: number;
  /** Loss-and-gradient evaluations, a micro-batched one counted once. */
  readonly evaluations: number;
  readonly seconds: number;
  /** What a person should know about the result, in sentences. */
  readonly warnings: readonly string[];
}

/** Options that contradict each other, and what a person should know and do. */
export interface Contradiction<Options> {
  holds(options: Options): boolean;
  readonly keys: readonly string[];
  readonly what: string;
  readonly remedy: string;
}

/** Another value of some options that takes less memory. */
interface ThriftyOptions<Options> {
  readonly options: Partial<Options>;
  /** What it gives up besides time. */
  readonly changes: string;
}

/**
 * A way to find out which candidates to keep. A new one is a file or folder beside this one and a word in
 * `strategies.ts`.
 */
export interface SearchStrategy<
  Options extends z.ZodObject = z.ZodObject,
  Name extends string = string,
  Varied extends string = string,
> {
  readonly name: Name;
  /** What tables call what it finds. */
  readonly label: string;
  /** A line for `--help`: what it does, and for what. */
  readonly description: string;
  /** By the keys of a config file, each with its help (`key`, `keyWithDefault` of `core/checked-values.ts`). */
  readonly options: Options;
  /** Options that a comparison may give several values of, and that a first config file shows. */
  readonly varied: readonly Varied[];
  /** What `--help` calls the default of an option whose default depends on others. */
  readonly usually?: Partial<z.output<Options>>;
  /** Fills in defaults that depend on other options; those with one of their own have it by then. */
  complete?(options: z.output<Options>): z.output<Options>;
  /**
   * What options that a run's config.yaml does not name were when it was begun, where an earlier version had not got
   * them and their default is another one now. `lr` is the run's.
   */
  unsaid?(recorded: Partial<z.output<Options>> & { readonly lr?: number | undefined }): Partial<z.output<Options>>;
  readonly contradictions?: readonly Contradiction<z.output<Options>>[];
  /**
   * Those of what one person says in one command, before anything is filled in: together, one of the options would be
   * passed over. A config file, as that of a run, may name both.
   */
  readonly saidTogether?: readonly Contradiction<Partial<z.output<Options>>>[];
  /** Whether a budget is filled in where none is given. By default it is. */
  needsBudget?(options: z.output<Options>): boolean;
  /** From the mildest on. */
  thrifty?(options: z.output<Options>): readonly ThriftyOptions<z.output<Options>>[];
  /** What `search` will compute; undefined where it compiles nothing. */
  cost(problem: SearchProblem, options: z.output<Options>): StageCost | undefined;
  /**
   * Searches. What has to be saved is in the arrays of a stage (`runLoop`), which goes on from the checkpoint of the
   * context; the same seed gives the same result bit for bit, interrupted or not.
   */
  search(
    problem: SearchProblem,
    options: z.output<Options>,
    compile: Compile,
    context: LoopContext,
  ): AsyncGenerator<SearchEvent, SearchResult>;
}

/** A strategy as it is, with the types of its options and of its names. */
export function defineStrategy<
  Options extends z.ZodObject,
  const Name extends string,
  const Varied extends string = never,
>(strategy: SearchStrategy<Options, Name, Varied>): SearchStrategy<Options, Name, Varied> {
  return strategy;
}
