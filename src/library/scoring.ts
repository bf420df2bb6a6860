import { type Answering, type AnswerMode, canGenerate, type EncodedExample } from '../core/program.ts';
import { evaluationBatches } from '../data/batches.ts';
import type { Interval } from '../metrics/assessment.ts';
import type { Target } from '../metrics/metric.ts';
import { answerOf, type Codec, type InferenceInput, outputsOf } from '../models/codec.ts';

/** The parts of a task that scores are made on. */
export type SplitName = 'validation' | 'test';

/** A split ready to be scored. */
export interface ScoredSplit {
  /** As the model reads them, each with the first of its right answers. */
  readonly examples: readonly (EncodedExample & InferenceInput)[];
  /** What should be answered, one an example. */
  readonly targets: readonly Target[];
}

/** How a split is answered. */
export interface AnswerOptions {
  readonly codec: Pick<Codec, 'choice' | 'writing'>;
  readonly answers: AnswerMode;
  readonly batchSize: number;
}

/** What turns answers into a score. */
export interface Scoring extends AnswerOptions {
  /** Score of answers against targets, 0 to 100; higher is better. */
  readonly score: (answers: readonly string[], targets: readonly Target[]) => number;
  /** Further metrics by their names, on the same scale. */
  readonly details?: (answers: readonly string[], targets: readonly Target[]) => Readonly<Record<string, number>>;
  /** Where the score would lie, were the rows drawn again. */
  readonly interval?: (answers: readonly string[], targets: readonly Target[]) => Interval | undefined;
}

/** What a split's answers are worth. */
export interface DetailedScore {
  readonly score: number;
  readonly details: Readonly<Record<string, number>>;
  /** Where the score would lie, were the rows drawn again; absent where that cannot be said. */
  readonly interval?: Interval;
}

/** The state of a program that is to answer. */
export interface Trained {
  readonly delta: Float32Array;
  /** One a module; without them every gate is 1. */
  readonly gates?: Float32Array;
}

/** Answers every example of a split and scores the answers. */
export async function scoreSplit(
  program: Answering,
  split: ScoredSplit,
  scoring: Scoring,
  trained: Trained,
  signal?: AbortSignal,
): Promise<number> {
  return scoring.score(await answerSplit(program, split, scoring, trained, signal), split.targets);
}

/** The same, with every metric that the task reports and the interval of its own. */
export async function scoreSplitInDetail(
  program: Answering,
  split: ScoredSplit,
  scoring: Scoring,
  trained: Trained,
  signal?: AbortSignal,
): Promise<DetailedScore> {
  const answers = await answerSplit(program, split, scoring, trained, signal);
  const { targets } = split;
  const interval = scoring.interval?.(answers, targets);
  return {
    score: scoring.score(answers, targets),
    details: scoring.details?.(answers, targets) ?? {},
    ...(interval && { interval }),
  };
}

/** Answers in the order of the examples, batches sorted by length so that little is padded. */
export async function answerSplit(
  program: Answering,
  { examples }: Pick<ScoredSplit, 'examples'>,
  options: AnswerOptions,
  trained: Trained,
  signal?: AbortSignal,
): Promise<string[]> {
  const answerBatch = batchAnswerer(program, options, trained);
  const answers = new Array<string>(examples.length);
  for (const indices of evaluationBatches(examples, options.batchSize)) {
    signal?.throwIfAborted();
    const said = await answerBatch(indices.map(index => examples[index]!));
    for (const [place, index] of indices.entries()) answers[index] = said[place]!;
  }
  return answers;
}

/** What answers a batch. @throws RangeError where the program or the codec cannot answer in that mode */
export function batchAnswerer(
  program: Answering,
  { codec: { choice, writing }, answers }: Pick<AnswerOptions, 'codec' | 'answers'>,
  { delta, gates }: Trained,
): (asked: readonly InferenceInput[]) => Promise<string[]> {
  if (answers === 'choose') {
    if (choice === undefined) throw new RangeError('there is nothing to choose among');
    return async asked => {
      const scores = await program.choose(inputsOf(asked), outputsOf(choice, asked), delta, gates);
      return scores.map((each, i) => answerOf(choice, asked[i]!, each));
    };
  }
  if (writing === undefined || !canGenerate(program)) throw new RangeError('this model writes no text');
  const { maxTokens, decode } = writing;
  return async asked => {
    const generated = await program.generate(inputsOf(asked), delta, gates, { maxTokens });
    return generated.map(ids => decode(ids));
  };
}

const inputsOf = (asked: readonly InferenceInput[]) => asked.map(({ input }) => input);
