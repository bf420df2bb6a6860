import { type Answering, canGenerate, type EncodedExample, type EncodedInput } from '../core/program.ts';
import { evaluationBatches } from '../data/batches.ts';
import type { Tokenizer } from '../data/tokenizer/tokenizer.ts';
import type { Target } from '../metrics/target.ts';

/** A split ready to be scored. */
export interface ScoredSplit {
  /** As the model reads them, each with the first of its right answers. */
  readonly examples: readonly EncodedExample[];
  /** What should be answered, one an example. */
  readonly targets: readonly Target[];
}

/** How answers are generated. */
export interface Generation {
  readonly tokenizer: Tokenizer;
  /** Most tokens to generate for an answer. */
  readonly maxTokens: number;
  readonly batchSize: number;
}

/** What turns generated ids into a score. */
export interface Scoring extends Generation {
  /** Score of predicted texts against target texts, 0 to 100; higher is better. */
  readonly score: (predictions: readonly string[], targets: readonly Target[]) => number;
  /** Further metrics by their names, on the same scale. */
  readonly details?: (predictions: readonly string[], targets: readonly Target[]) => Readonly<Record<string, number>>;
}

/** What a split's answers are worth. */
export interface DetailedScore {
  readonly score: number;
  readonly details: Readonly<Record<string, number>>;
}

/** The state of a program that is to answer. */
export interface Trained {
  readonly delta: Float32Array;
  /** One a module; without them every gate is 1. */
  readonly gates?: Float32Array;
}

/** Generates an answer for every example of a split and scores the texts. */
export async function scoreSplit(
  program: Answering,
  { examples, targets }: ScoredSplit,
  scoring: Scoring,
  trained: Trained,
  signal?: AbortSignal,
): Promise<number> {
  return scoring.score(await generateTexts(program, inputsOf(examples), scoring, trained, signal), targets);
}

/** The same, with every metric that the task reports. */
export async function scoreSplitInDetail(
  program: Answering,
  { examples, targets }: ScoredSplit,
  scoring: Scoring,
  trained: Trained,
  signal?: AbortSignal,
): Promise<DetailedScore> {
  const texts = await generateTexts(program, inputsOf(examples), scoring, trained, signal);
  return { score: scoring.score(texts, targets), details: scoring.details?.(texts, targets) ?? {} };
}

const inputsOf = (examples: readonly EncodedExample[]) => examples.map(({ input }) => input);

/** Greedy answers in the order of `inputs`, batches sorted by length so that little is padded. */
export async function generateTexts(
  program: Answering,
  inputs: readonly EncodedInput[],
  { tokenizer, maxTokens, batchSize }: Generation,
  { delta, gates }: Trained,
  signal?: AbortSignal,
): Promise<string[]> {
  if (!canGenerate(program)) throw new RangeError('this program writes no text');
  const texts = new Array<string>(inputs.length);
  const sized = inputs.map(input => ({ input }));
  for (const batch of evaluationBatches(sized, batchSize)) {
    signal?.throwIfAborted();
    const asked = batch.map(index => inputs[index]!);
    const answers = await program.generate(asked, delta, gates, { maxTokens });
    batch.forEach((index, place) => {
      texts[index] = tokenizer.decode(answers[place]!);
    });
  }
  return texts;
}
