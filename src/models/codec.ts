import type { EncodedExample, EncodedInput, EncodedOutput } from '../core/program.ts';
import type { Example, Output, Segment } from '../data/example.ts';
import type { Task } from '../tasks/task.ts';

/** What a model must know of a task to read its examples and to answer them. */
export type CodedTask = Partial<Pick<Task, 'name' | 'labels' | 'words' | 'numbers' | 'choices' | 'maxTargetLength'>>;

/** How texts are brought into the form that a model reads. */
export interface CodecOptions {
  /** Longest input in tokens, those included that the model adds; longer ones are cut. */
  readonly maxLength: number;
  /** Whether answers are written after a sentinel (default: as the model was pre-trained); not every family can. */
  readonly sentinel?: boolean | undefined;
}

/** What is asked of a program. */
export interface InferenceInput {
  readonly input: EncodedInput;
  /** What each class stands for, where the example gives its own answers to choose among. */
  readonly choices?: readonly string[];
}

/** What a model reads of an example. */
export interface Reading extends InferenceInput {
  /** The same in words. */
  readonly text: string;
  /** How many tokens were cut off. */
  readonly cut: number;
  /** The same of each part of the text that has lost some, by its name. */
  readonly lost?: Readonly<Record<string, number>>;
}

/** One of the answers to choose among. */
export interface Label {
  /** The task's name of it. */
  readonly name: string;
  /** What the model says for it: what a metric compares. */
  readonly word: string;
}

/** How answers come from scores (`Chooser`). */
export interface Choosing {
  /** What is scored; empty where each example gives its own choices, whose classes are scored. */
  readonly outputs: readonly EncodedOutput[];
  /** What each output stands for; absent for such choices, and for numbers, where the one score is the answer. */
  readonly labels?: readonly Label[];
}

/** How answers come from generated ids (`Generator`). */
export interface Writing {
  /** Most tokens to generate for an answer. */
  readonly maxTokens: number;
  /** The text of ids that the model wrote. */
  decode(ids: readonly number[]): string;
}

/**
 * How one model reads a task's examples and answers them: its text form, special tokens, cutting of what is too long,
 * and what it says for a class or a number. At least one of `choice` and `writing` is there.
 */
export interface Codec {
  /** The fields of an example as what the model reads, with what was cut of them. */
  read(input: readonly Segment[]): Reading;
  /** What a right answer to an example looks like to the model. */
  encode(output: Output, reading: InferenceInput): EncodedOutput;
  /** An answer as the model says it: what a metric compares. */
  write(output: Output): string;
  /** Absent where the task's answers cannot be listed, and the model says no numbers. */
  readonly choice?: Choosing;
  /** Absent where the model writes no text. */
  readonly writing?: Writing;
  /** What another program has to know, beside the task and the longest input, to ask in the same form. */
  readonly form: Readonly<Record<string, unknown>>;
}

/** What is to be scored for a batch. */
export function outputsOf({ outputs }: Choosing, asked: readonly InferenceInput[]): readonly EncodedOutput[] {
  if (outputs.length > 0) return outputs;
  const most = asked.reduce((count, { choices = [] }) => Math.max(count, choices.length), 0);
  return Array.from({ length: most }, (_, i) => ({ class: i }));
}

/** What the scores of one input stand for; undefined where the one score is a number to be told. */
export function labelsOf({ labels }: Choosing, { choices }: InferenceInput): readonly Label[] | undefined {
  return choices?.map(text => ({ name: text, word: text })) ?? labels;
}

/** The answer that the scores of one input come to. */
export function answerOf(choice: Choosing, asked: InferenceInput, scores: Float64Array): string {
  const labels = labelsOf(choice, asked);
  return labels === undefined ? String(scores[0]!) : labels[scores.indexOf(Math.max(...scores))]!.word;
}

/** Examples as a program takes them. */
export function encodeExamples(
  codec: Pick<Codec, 'read' | 'encode'>,
  examples: readonly Pick<Example, 'input' | 'output'>[],
): EncodedExample[] {
  return examples.map(({ input, output }) => {
    const reading = codec.read(input);
    return { input: reading.input, output: codec.encode(output, reading) };
  });
}

/**
 * What a model is to answer with: a text, one of some classes, which may have names, a number, or one of the choices
 * that each input brings (`EncodedInput.otherChoices`).
 */
export type AnswerKind =
  | { readonly kind: 'text' }
  | { readonly kind: 'class'; readonly classes: number; readonly labels?: readonly string[] }
  | { readonly kind: 'number' }
  | { readonly kind: 'choice' };

/** The kind of answer that a task asks for, for families that can give any of them. */
export function answerKindOf({ labels, numbers = false, choices = false }: CodedTask): AnswerKind {
  if (choices) return { kind: 'choice' };
  if (labels !== undefined) return { kind: 'class', classes: labels.length, labels };
  return { kind: numbers ? 'number' : 'text' };
}
