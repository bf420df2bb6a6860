import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { hasDecimalComma, withDecimalPoint } from '../../data/rows/csv.ts';
import { columnList, placeOf, type Row } from '../../data/rows/row.ts';
import { schemaLine } from '../../files/text-files.ts';
import { spelledNumber } from '../../metrics/correlation.ts';
import { type MetricName, type Metrics, metrics } from '../../metrics/metrics.ts';
import { isMissing } from './data-check.ts';

/** What a data file lets one think that its task is. */
export interface GuessedTask {
  readonly name: string;
  /** Columns that the model shall read, in their order. */
  readonly fields: readonly string[];
  readonly label: string;
  /** Values of the label column, the positive one last; undefined where targets are free text or numbers. */
  readonly labels: readonly string[] | undefined;
  /** Characters of the longest answer. */
  readonly longestAnswer: number;
  readonly metric: MetricName;
  /** File names beside each other. */
  readonly files: { readonly train: string; readonly validation?: string; readonly test?: string };
}

/** Nobody has said which column holds the label, and none looks like one. */
export class UnknownLabelError extends InputError {}

export const labelNames = /^(label|labels|class|category|target|verdict|sentiment|answer|output|gold|y)$/i;
export const idNames = /^(id|idx|index|guid|uuid|row)$|_id$/i;
/** Of two labels these are what is not looked for. */
const negativeNames = /^(0|-1|no|false|negative|neg|bad|ham|not[_ -].*|non[_ -].*|un.*|complaint|fail(ed)?)$/i;
const mostLabels = 20;

/**
 * Guesses a task from the rows of its training file. The label is the column named like one, else the column with the
 * fewest different values (the shorter ones), one of amounts last; the fields are the other columns that hold text.
 * @param label the column that is known to hold the label
 * @throws UnknownLabelError where no column can be told to hold the label; InputError where there are not two columns,
 * or a row has no answer
 */
export function guessTask(file: string, rows: readonly Row[], label = guessLabel(file, rows)): GuessedTask {
  const columns = columnsOf(rows);
  if (!columns.includes(label)) {
    throw new InputError(`no column "${label}"`, {
      code: 'missing-column',
      where: file,
      remedy: `the columns are ${columnList(columns)}`,
    });
  }
  const others = columns.filter(name => name !== label && isField(rows, name));
  if (others.length === 0) {
    throw new InputError(`no column but "${label}" holds a text in every row`, {
      code: 'no-text-column',
      where: file,
      remedy: 'give a file with a text and a label in each row',
    });
  }
  const texts = others.filter(
    name => !idNames.test(name) && !values(rows, name).every(value => value === '' || isNumber(value)),
  );
  requireAnswers(rows, label);
  const answers = [...new Set(values(rows, label))];
  requirePoints(file, label, answers);
  const isScale = answers.length > mostLabels && answers.every(isNumber) && !hasLists(rows, label);
  const isFree = answers.length > mostLabels || answers.length < 2;
  return {
    name: taskName(file),
    fields: texts.length > 0 ? texts : others,
    label,
    labels: isFree ? undefined : sortLabels(answers),
    longestAnswer: answers.reduce((longest, { length }) => Math.max(longest, length), 0),
    metric: isScale ? 'pearson' : 'accuracy',
    files: { train: basename(file), ...filesBeside(file) },
  };
}

function guessLabel(file: string, rows: readonly Row[]): string {
  const columns = columnsOf(rows);
  const named = columns.find(name => labelNames.test(name));
  if (named !== undefined) return named;
  const [fewest] = columns
    .map(name => {
      const each = values(rows, name);
      return { name, different: new Set(each).size, length: each.join('').length, isAmount: each.some(isFraction) };
    })
    .filter(({ name }) => rows.every(({ fields }) => isAnswer(fields[name])))
    .filter(({ different }) => different >= 2 && different <= mostLabels && different <= rows.length / 2)
    .sort((a, b) => Number(a.isAmount) - Number(b.isAmount) || a.different - b.different || a.length - b.length);
  if (fewest !== undefined) return fewest.name;
  throw new UnknownLabelError('no column looks like a label', {
    code: 'missing-label',
    where: file,
    remedy:
      `say which it is with --label (the columns are ${columnList(columns)}); where these names are a row of the ` +
      'table, write names above it first',
  });
}

/** A price or a measure, and hardly a class: `12.50`. */
function isFraction(value: string): boolean {
  return isNumber(value) && !Number.isInteger(Number(value));
}

export function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))];
}

/** The column's texts, of a list each of its entries. */
function values(rows: readonly Row[], column: string): string[] {
  return rows.flatMap(({ fields }) => fields[column]).map(value => (isMissing(value) ? '' : String(value)));
}

function isText(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether a template can name the column, and a text stands in it: it may be missing in less than half of the rows. */
function isField(rows: readonly Row[], column: string): boolean {
  const cells = rows.map(({ fields }) => fields[column]);
  const isReadable = cells.every(cell => cell !== undefined && (isMissing(cell) || isText(cell)));
  return /^[^{}]+$/.test(column) && isReadable && cells.filter(isMissing).length < rows.length / 2;
}

/** Whether a value of the label column is an answer, or a list of right answers. */
function isAnswer(value: unknown): boolean {
  const answers = [value].flat();
  return answers.length > 0 && answers.every(answer => isText(answer) && !isMissing(answer));
}

function requireAnswers(rows: readonly Row[], label: string): void {
  const unanswered = rows.find(({ fields }) => !isAnswer(fields[label]));
  if (unanswered === undefined) return;
  throw new InputError(`the row has no answer in "${label}"`, {
    code: 'missing-label',
    where: placeOf(unanswered),
    remedy: 'remove the row or give it one, or say with --label which column holds the answers',
  });
}

/** @throws InputError where answers are numbers with decimal commas, which would be learnt as texts */
function requirePoints(where: string, label: string, answers: readonly string[]): void {
  const written = answers.find(hasDecimalComma);
  if (written === undefined || !answers.every(answer => isNumber(answer) || hasDecimalComma(answer))) return;
  throw new InputError(`the answers in "${label}" are numbers with decimal commas, for example ${written}`, {
    code: 'untrainable-data',
    where,
    remedy:
      `write them with a point (${withDecimalPoint(written).trim()}), or save the table as a csv with ` +
      'semicolons between its columns',
  });
}

function hasLists(rows: readonly Row[], column: string): boolean {
  return rows.some(({ fields }) => Array.isArray(fields[column]));
}

function isNumber(text: string): boolean {
  return spelledNumber(text.trim()) !== undefined;
}

function sortLabels(labels: readonly string[]): string[] {
  if (labels.every(isNumber)) return labels.toSorted((a, b) => Number(a) - Number(b));
  return labels.toSorted(
    (a, b) => Number(negativeNames.test(b)) - Number(negativeNames.test(a)) || (a < b ? -1 : Number(a > b)),
  );
}

/** `train.csv` is named after its folder, any other file after itself. */
function taskName(file: string): string {
  const stem = basename(file, extname(file));
  const name = /^train/i.test(stem) ? basename(dirname(resolve(file))) : stem;
  return name.replaceAll(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'my-task';
}

/** Validation and test files beside a training file, where they are named after it as is usual. */
function filesBeside(file: string): { validation?: string; test?: string } {
  const name = basename(file);
  const find = (words: readonly string[]) =>
    words
      .map(word => name.replace(/train(ing)?/i, word))
      .find(other => other !== name && existsSync(join(dirname(file), other)));
  const validation = find(['validation', 'valid', 'val', 'dev']);
  const test = find(['test']);
  return { ...(validation && { validation }), ...(test && { test }) };
}

/** With more labels than digits they are answered as they are. */
const mostDigits = 10;

/** The text of a commented task.yaml, to be written to `path`. */
export function draftTask(task: GuessedTask, path: string): string {
  const { name, fields, label, labels, metric, files } = task;
  const [only, ...more] = fields;
  const source = more.length === 0 ? `{${only}}` : fields.map(field => `${field}: {${field}}`).join(' ');
  return [
    schemaLine(path, 'task'),
    '# A task of your own, guessed from its data file: look it over. The keys are explained in docs/your-own-data.md.',
    `name: ${quote(name)}`,
    '',
    "# What the model reads: {column} stands for that column's text.",
    `template: ${quote(`${name}: ${source}`)}`,
    '',
    '# The column with the label, and what to answer for each: the shorter the better. Of two the last is ' +
      'the positive one.',
    `label: ${quote(label)}`,
    ...labelLines(labels),
    `metric: ${metric} # or ${otherMetrics(task).join(', ')}`,
    '',
    '# Relative to this file. Without a test file the validation rows are halved; without both, training ' +
      'rows are held out.',
    'files:',
    ...Object.entries(files).map(([split, file]) => `  ${split}: ${quote(file)}`),
    '',
    '# maxSourceLength: 128 # tokens; longer texts are cut',
    ...(labels === undefined ? [lengthLine(task)] : []),
    '',
  ].join('\n');
}

/** What else such answers can be scored by. */
function otherMetrics({ metric, labels }: GuessedTask): string[] {
  const isScale = (metrics as Metrics)[metric]!.numbers ?? false;
  return Object.entries<Metrics[string]>(metrics)
    .filter(([name, { numbers = false, twoLabels = false }]) => {
      // Rows of one's own are in no groups.
      const fits = numbers === isScale && (!twoLabels || labels?.length === 2) && name !== 'group-accuracy';
      return fits && name !== metric;
    })
    .map(([name]) => name);
}

/** Free text has two letters to a token at least, in the languages that the vocabulary is made for. */
function lengthLine({ longestAnswer }: GuessedTask): string {
  const tokens = Math.ceil(longestAnswer / 2);
  const says = 'tokens; no longer answer is ever given';
  return tokens > 16 ? `maxTargetLength: ${tokens} # ${says}` : `# maxTargetLength: 16 # ${says}`;
}

function labelLines(labels: readonly string[] | undefined): string[] {
  if (labels === undefined) return ['# labels: [no, yes] # without labels the answer is free text'];
  if (labels.length > mostDigits) return [`labels: [${labels.map(quote).join(', ')}]`];
  return ['labels:', ...labels.map((label, digit) => `  ${quote(label)}: "${digit}"`)];
}

/** A JSON string is a YAML scalar that nothing can be mistaken for. */
function quote(text: string): string {
  return JSON.stringify(text);
}
