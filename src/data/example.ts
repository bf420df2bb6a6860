/** A piece of what an example gives to read. */
export interface Segment {
  /**
   * What the task calls it: `premise`, `question`, …; absent where the text is all there is, as its author has written
   * it.
   */
  readonly name?: string;
  readonly text: string;
  /** What the text is put together from, where there is more to it than one field. */
  readonly pieces?: readonly Piece[];
  /** Whether it is one of the answers that the example itself gives to choose among. */
  readonly choice?: boolean;
}

/** A stretch of a segment's text: what a field of a row holds, or without one words of the task's own. */
export interface Piece {
  readonly text: string;
  readonly field?: string;
}

/** The pieces of a segment: without others its text is one field's, called as it is. */
export function piecesOf({ name = 'text', text, pieces = [{ text, field: name }] }: Segment): readonly Piece[] {
  return pieces;
}

/**
 * An answer: a text, a class by its number in the task's order, or a number with the text that spells it in the data.
 */
export type Output =
  | { readonly text: string }
  | { readonly class: number }
  | { readonly value: number; readonly spelled: string };

/**
 * What may belong together with others: examples of one group fall into one set, and a metric may judge them as one.
 */
export interface Grouped {
  readonly group?: string | undefined;
}

/** One example of a task, whatever model reads it. */
export interface Example extends Grouped {
  readonly input: readonly Segment[];
  /** The right answer. */
  readonly output: Output;
  /** Every right answer, where there are several; `output` is the first of them. */
  readonly answers?: readonly Output[];
  /** Line of the data file it comes from, from 1. */
  readonly line: number;
}

/** The examples of each group, in the order of its first one; an example without a group is one by itself. */
export function groupsOf<T extends Grouped>(examples: readonly T[]): T[][] {
  return [...Map.groupBy<string | T, T>(examples, example => example.group ?? example).values()];
}

/** Every right answer. */
export function answersTo({ output, answers = [output] }: Example): readonly Output[] {
  return answers;
}

/** An example as training rows, one for each of its right answers: a model learns to say one at a time. */
export function trainingRows({ answers, ...example }: Example): Example[] {
  return answers === undefined ? [example] : answers.map(output => ({ ...example, output }));
}
