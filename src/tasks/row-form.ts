import { InputError } from '../core/errors.ts';
import type { Example, Output, Segment } from '../data/example.ts';
import { readSomeRows, type TableOptions } from '../data/rows/read-rows.ts';
import { fieldText, fieldTexts, fieldValue, findValue, placeOf, type Row } from '../data/rows/row.ts';

/** Text of a row's field. */
export type Field = (name: string) => string;

/** Texts of a row's field that holds a list. */
type ListField = (name: string) => readonly string[];

/** What a row gives to read, from its fields. */
export type SegmentsOfRow = (field: Field, list: ListField) => readonly Segment[];

/** The answers that a task chooses among. */
export interface Classes {
  /** What each stands for, in the task's order: of two the last is the positive one. */
  readonly names: readonly string[];
  /** What a model that answers in text says for each, where a user has chosen it. */
  readonly words?: readonly string[];
  /** From the data's labels to classes by their numbers. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** How a row becomes an example. */
export interface RowForm {
  readonly segments: SegmentsOfRow;
  /** The field that holds the label. */
  readonly label: string;
  /** Undefined where the label itself is the answer. */
  readonly classes: Classes | undefined;
  /** Reads labels that are numbers, undefined where a label is none it takes; without it labels are texts. */
  readonly numbers?: NumberForm | undefined;
  /** Whether a row may have one right answer only. */
  readonly oneAnswer?: boolean | undefined;
  /** What the examples of one group have in common; without it each stands alone. */
  readonly group?: ((field: Field) => string) | undefined;
  /** Other names that a field has in some of the layouts the data come in. */
  readonly otherNames?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Labels that are numbers. */
export interface NumberForm {
  /** What each of them is, for messages. */
  readonly name: string;
  /** The number that a label spells; undefined where it is none of them. */
  readonly read: (label: string) => number | undefined;
  /** What to do about a label that is none. */
  readonly remedy: string;
}

/** Names of the fields that a task reads, each once, in its order. */
export function fieldsOf(segments: SegmentsOfRow): string[] {
  const names = new Set<string>();
  const text = (name: string) => {
    names.add(name);
    return '';
  };
  segments(text, name => [text(name)]);
  return [...names];
}

/** A segment for each of some fields, under the field's name. */
export function fieldsAsSegments(...names: readonly string[]): SegmentsOfRow {
  return field => names.map(name => ({ name, text: field(name) }));
}

/**
 * Classes that the data number in order: each answers to its number and to its names (the Hub's ClassLabel, the words
 * of the original files).
 */
export function numberedClasses(...classes: readonly (readonly string[])[]): Classes {
  return {
    names: classes.map(names => names.join(' or ')),
    numbers: new Map(classes.flatMap((names, i) => [String(i), ...names].map(name => [name, i] as const))),
  };
}

/**
 * Classes of a user's table from the data's labels to words to answer, in its order; labels with one word are one
 * class.
 */
export function wordedClasses(table: ReadonlyMap<string, string>): Classes {
  const words = [...new Set(table.values())];
  return {
    words,
    names: words.map(word => {
      const labels = [...table.keys()].filter(label => table.get(label) === word && label !== word);
      return labels.length > 0 ? labels.join(' or ') : word;
    }),
    numbers: new Map([...table].map(([label, word]) => [label, words.indexOf(word)])),
  };
}

/**
 * Makes an example of one row. A label field that holds a list gives all its entries as right answers.
 * @throws InputError with file and line where a field is missing, the label is not one of the task's, or there are more
 * right answers than it allows.
 */
export function toExample(row: Row, form: RowForm): Example {
  const names = (name: string) => [name, ...(form.otherNames?.[name] ?? [])];
  const field: Field = name => fieldText(row, ...names(name));
  const list: ListField = name => fieldTexts(row, ...names(name));
  const input = form.segments(field, list);
  const hasSeveral = Array.isArray(fieldValue(row, ...names(form.label)));
  const labels = hasSeveral ? list(form.label) : [field(form.label)];
  if (labels.length === 0 || labels.some(label => label.trim() === '')) throw unanswered(row, form.label);
  const answers = distinct(labels.map(label => outputOf(label, form, row)));
  if (form.oneAnswer && answers.length > 1) throw ambiguous(row, form.label);
  return {
    input,
    output: answers[0]!,
    ...(hasSeveral && { answers }),
    ...(form.group !== undefined && { group: form.group(field) }),
    line: row.line,
  };
}

const distinct = (outputs: readonly Output[]): Output[] => [
  ...new Map(outputs.map(output => [JSON.stringify(output), output])).values(),
];

function unanswered(row: Row, label: string): InputError {
  return new InputError(`the row has no answer in "${label}": it is empty`, {
    code: 'missing-label',
    where: placeOf(row),
    remedy: 'remove the row, or give a file with answers: test sets often come without them',
  });
}

function ambiguous(row: Row, label: string): InputError {
  return new InputError(`the row has several right answers in "${label}", and the task's metric compares with one`, {
    code: 'several-answers',
    where: placeOf(row),
    remedy: 'leave one of them, or take a metric that knows several: accuracy, exact-match or token-f1',
  });
}

function outputOf(label: string, { classes, numbers }: RowForm, row: Row): Output {
  if (classes !== undefined) {
    const number = classes.numbers.get(label);
    if (number !== undefined) return { class: number };
    throw unknownLabel(label, row, "not one of the task's", `the labels are ${[...classes.numbers.keys()].join(', ')}`);
  }
  if (numbers === undefined) return { text: label };
  const value = numbers.read(label);
  if (value !== undefined) return { value, spelled: label.trim() };
  throw unknownLabel(label, row, `not ${numbers.name}`, numbers.remedy);
}

function unknownLabel(label: string, row: Row, isNot: string, remedy: string): InputError {
  if (label === '-1') {
    return new InputError('the row has no label: it is -1, as in the test sets of the Hub', {
      code: 'missing-label',
      where: placeOf(row),
      remedy: 'give a file with labels',
    });
  }
  return new InputError(`the label ${JSON.stringify(label)} is ${isNot}`, {
    code: 'unknown-label',
    where: placeOf(row),
    remedy,
  });
}

/** How a data file is read. */
export interface ReadOptions extends TableOptions {
  /** From a row of the file to the rows it stands for, where one holds several examples. */
  readonly unnest?: ((row: Row) => readonly Row[]) | undefined;
}

/** How the data files of a task are read, and what becomes of their rows. */
export interface TaskRows {
  readonly form: RowForm;
  /** How a file of that name is read. */
  optionsFor(file: string): ReadOptions;
}

/**
 * The rows that a row stands for: itself where it has the fields that are asked for, else what it is unnested
 * to.
 */
export function expanded(row: Row, fields: readonly string[], { unnest }: ReadOptions): readonly Row[] {
  const isFlat = unnest === undefined || fields.every(name => findValue(row, name) !== undefined);
  return isFlat ? [row] : unnest(row);
}

/**
 * The rows of data files, one after the other, as a task's examples.
 * @throws InputError with file and line where a file is missing, malformed or empty.
 */
export async function readExamples(
  files: readonly string[],
  form: RowForm,
  options: ReadOptions = {},
): Promise<Example[]> {
  return (await readLabelledRows(files, form, options)).map(row => toExample(row, form));
}

/** The rows themselves. @throws InputError as `readExamples`, but for what an example may lack */
export async function readLabelledRows(
  files: readonly string[],
  form: Pick<RowForm, 'segments'>,
  options: ReadOptions = {},
): Promise<Row[]> {
  const found: Row[] = [];
  const fields = fieldsOf(form.segments);
  for (const file of files) {
    for (const row of await readSomeRows(file, options)) found.push(...expanded(row, fields, options));
  }
  return found;
}
