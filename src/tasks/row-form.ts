import { InputError } from '../core/errors.ts';
import type { TextExample } from '../data/encode.ts';
import { fieldText, fieldTexts, fieldValue, placeOf, type Row } from '../data/rows/row.ts';

/** Text of a row's field. */
export type Field = (name: string) => string;

/** Texts of a row's field that holds a list. */
export type ListField = (name: string) => readonly string[];

/** Answers of one kind, numbers for example, that are too many to list. */
export interface AnswerKind {
  /** What each of them is, for messages. */
  readonly name: string;
  /** The target string of a label; undefined where it is none of the kind. */
  readonly write: (label: string) => string | undefined;
  /** What to do about a label that is none. */
  readonly remedy: string;
}

/** How a row becomes text. */
export interface TextForm {
  /** The source text, from the row's fields. */
  readonly source: (field: Field, list: ListField) => string;
  /** The field that holds the label. */
  readonly label: string;
  /** From the data's labels to target strings, in the task's order; undefined where the label itself is the target. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** What labels that are themselves the targets must be, and how they are written; without it any text, as it is. */
  readonly answers?: AnswerKind | undefined;
  /** Whether a row may have one right answer only. */
  readonly oneAnswer?: boolean | undefined;
  /** What the examples of one group have in common; without it each stands alone. */
  readonly group?: ((field: Field) => string) | undefined;
  /** Other names that a field has in some of the layouts the data come in. */
  readonly otherNames?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The target strings of a label table, each once, in its order. */
export function targetStrings(labels: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set(labels.values())];
}

/** What the target strings of a label table stand for, where the data's labels say more than the targets. */
export function namesOfTargets(labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const byTarget = Map.groupBy(labels, ([, target]) => target);
  return new Map(
    [...byTarget].map(([target, pairs]) => {
      const others = pairs.map(([label]) => label).filter(label => label !== target);
      return [target, others.length > 0 ? others.join(' or ') : target];
    }),
  );
}

/**
 * Label table of classes that are numbered in order: each answers to its number and to its names (the Hub's ClassLabel,
 * the words of the original files), and its number as a digit string is the target.
 */
export function numberedClasses(...classes: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  return new Map(classes.flatMap((names, i) => [String(i), ...names].map(name => [name, String(i)] as const)));
}

/**
 * Writes one row in a task's text form. A label field that holds a list gives all its entries as right answers.
 * @throws InputError with file and line where a field is missing, the label is not one of the task's, or there are more
 * right answers than it allows.
 */
export function toExample(row: Row, form: TextForm): TextExample {
  const names = (name: string) => [name, ...(form.otherNames?.[name] ?? [])];
  const field: Field = name => fieldText(row, ...names(name));
  const list: ListField = name => fieldTexts(row, ...names(name));
  const source = form.source(field, list);
  const hasSeveral = Array.isArray(fieldValue(row, ...names(form.label)));
  const labels = hasSeveral ? list(form.label) : [field(form.label)];
  if (labels.length === 0) throw unanswered(row, form.label);
  const targets = [...new Set(labels.map(label => targetText(label, form, row)))];
  if (form.oneAnswer && targets.length > 1) throw ambiguous(row, form.label);
  return {
    source,
    target: targets[0]!,
    ...(hasSeveral && { answers: targets }),
    ...(form.group !== undefined && { group: form.group(field) }),
    line: row.line,
  };
}

function unanswered(row: Row, label: string): InputError {
  return new InputError(`the row has no answer: its "${label}" is an empty list`, {
    where: placeOf(row),
    remedy: 'remove the row, or give a file with answers: test sets often come without them',
  });
}

function ambiguous(row: Row, label: string): InputError {
  return new InputError(`the row has several right answers in "${label}", and the task's metric compares with one`, {
    where: placeOf(row),
    remedy: 'leave one of them, or take a metric that knows several: accuracy, exact-match or token-f1',
  });
}

function targetText(label: string, { labels, answers }: TextForm, row: Row): string {
  const target = labels !== undefined ? labels.get(label) : answers !== undefined ? answers.write(label) : label;
  if (target !== undefined) return target;
  if (label === '-1') {
    throw new InputError('the row has no label: it is -1, as in the test sets of the Hub', {
      where: placeOf(row),
      remedy: 'give a file with labels',
    });
  }
  const isNot = answers === undefined ? "not one of the task's" : `not ${answers.name}`;
  throw new InputError(`the label ${JSON.stringify(label)} is ${isNot}`, {
    where: placeOf(row),
    remedy: answers?.remedy ?? `the labels are ${[...labels!.keys()].join(', ')}`,
  });
}
