import { evaluationBatches } from '../data/batches.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Generator } from '../runtime/program.ts';

/** A split ready to be scored: token ids in, texts to compare with. */
export interface ScoredSplit {
  /** One source an example, ids without padding. */
  readonly examples: readonly { readonly source: readonly number[] }[];
  /** The texts that should be generated, one an example. */
  readonly targets: readonly string[];
}

/** What turns generated ids into a score. */
export interface Scoring {
  readonly tokenizer: Tokenizer;
  /** Score of predicted texts against target texts, 0 to 100; higher is better. */
  readonly score: (predictions: readonly string[], targets: readonly string[]) => number;
  /** Most tokens to generate for an answer. */
  readonly maxTokens: number;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/**
 * Generates greedily for every example, batches sorted by length so that little is padded, and scores the texts.
 * @param gates as for `Generator.generate`: wanted exactly where the program was compiled with gates
 */
export async function scoreSplit(
  program: Generator,
  split: ScoredSplit,
  scoring: Scoring,
  delta: Float32Array,
  gates?: Float32Array,
): Promise<number> {
  return scoring.score(await predict(program, split, scoring, delta, gates), split.targets);
}

async function predict(
  program: Generator,
  { examples }: ScoredSplit,
  { tokenizer, maxTokens, batchSize, signal }: Scoring,
  delta: Float32Array,
  gates: Float32Array | undefined,
): Promise<string[]> {
  const predictions = new Array<string>(examples.length);
  for (const batch of evaluationBatches(examples, batchSize)) {
    signal?.throwIfAborted();
    const sources = batch.map(index => examples[index]!.source);
    const answers = await program.generate(sources, delta, gates, { maxTokens });
    batch.forEach((index, place) => {
      predictions[index] = tokenizer.decode(answers[place]!);
    });
  }
  return predictions;
}

/** The commonest of some texts; among equally common ones the first. */
export function commonest(texts: readonly string[]): string {
  const groups = Map.groupBy(texts, text => text);
  return [...groups.values()].reduce((most, group) => (group.length > most.length ? group : most))[0]!;
}
