import { InputError } from '../core/errors.ts';
import type { EncodedExample, EncodedInput, EncodedOutput } from '../core/program.ts';
import type { Target } from '../metrics/target.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

/** What may belong together with others: examples of one group fall into one set, and a metric may judge them as one. */
export interface Grouped {
  readonly group?: string | undefined;
}

/** The examples of each group, in the order of its first one; an example without a group is one by itself. */
export function groupsOf<T extends Grouped>(examples: readonly T[]): T[][] {
  return [...Map.groupBy<string | T, T>(examples, example => example.group ?? example).values()];
}

/** One example in words: what the model reads, and what it is to answer. */
export interface TextExample extends Grouped {
  readonly source: string;
  readonly target: string;
  /** Every right answer, where there are several; `target` is the first of them. */
  readonly answers?: readonly string[];
  /** Line of the data file it comes from, from 1. */
  readonly line: number;
}

/** What an answer to an example is judged by. */
export function targetOf({ target, answers, group }: TextExample): Target {
  return answers === undefined && group === undefined ? target : { answers: answers ?? [target], group };
}

/** An example as training rows, one for each of its right answers: a model learns to say one at a time. */
export function trainingRows({ answers, ...example }: TextExample): TextExample[] {
  return answers === undefined ? [example] : answers.map(target => ({ ...example, target }));
}

/** Ids of a source text: at most `maxSourceLength` of them, the sentinel and the end-of-sequence id included. */
export function encodeSource(tokenizer: Tokenizer, source: string, maxSourceLength: number): EncodedInput {
  const end = [...sentinel(tokenizer), tokenizer.endId];
  return { ids: [...tokenizer.encode(source).slice(0, Math.max(0, maxSourceLength - end.length)), ...end] };
}

function sentinel({ sentinelId }: Tokenizer): readonly number[] {
  return sentinelId === undefined ? [] : [sentinelId];
}

/** Most tokens to generate for an answer of that many: a sentinel comes before it. */
export function tokensToGenerate(tokenizer: Tokenizer, longestAnswer: number): number {
  return sentinel(tokenizer).length + longestAnswer;
}

/** Ids of both sides of an example, each ending in the end-of-sequence id; only the source is cut. */
export function encodeExample(tokenizer: Tokenizer, example: TextExample, maxSourceLength: number): EncodedExample {
  return {
    input: encodeSource(tokenizer, example.source, maxSourceLength),
    output: encodeTarget(tokenizer, example.target),
  };
}

/** Ids of an answer, the sentinel before it and the end-of-sequence id after it included. */
export function encodeTarget(tokenizer: Tokenizer, target: string): EncodedOutput {
  return { ids: [...sentinel(tokenizer), ...tokenizer.encode(target), tokenizer.endId] };
}

export function encodeExamples(
  tokenizer: Tokenizer,
  examples: readonly TextExample[],
  maxSourceLength: number,
): EncodedExample[] {
  return examples.map(example => encodeExample(tokenizer, example, maxSourceLength));
}

/**
 * Refuses labels that a tokenizer cannot spell: no answer could ever be right.
 * @throws InputError
 */
export function checkLabelsCanBeSpelled(tokenizer: Tokenizer, labels: readonly string[]): void {
  for (const label of labels) {
    const spelled = tokenizer.decode(tokenizer.encode(label));
    if (spelled === label) continue;
    throw new InputError(
      `the model's vocabulary spells the label ${JSON.stringify(label)} as ${JSON.stringify(spelled)}`,
      {
        remedy: 'map the labels to other words in the task file, plain ones or digits',
      },
    );
  }
}

/** Tokens of the longest of some answers, the end of sequence not counted: what a generation must be able to say. */
export function longestTokenCount(tokenizer: Tokenizer, texts: Iterable<string>): number {
  let longest = 0;
  for (const text of new Set(texts)) longest = Math.max(longest, tokenizer.encode(text).length);
  return sentinel(tokenizer).length + longest;
}
