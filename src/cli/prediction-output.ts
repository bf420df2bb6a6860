import { extname } from 'node:path';
import { InputError } from '../core/errors.ts';
import type { TableSpelling } from '../data/rows/csv.ts';
import type { AnsweredInput } from '../jobs/predict-job.ts';
import { csvLines } from '../report/comparison-tables.ts';

type Lines = AsyncIterable<string>;

/** What to know to write answers. */
export interface AnswerTable {
  /** The labels that every answer is one of, where there are such. */
  readonly labels?: readonly string[] | undefined;
  /** Whether every answer is a number. */
  readonly saysNumbers?: boolean;
  /** How the table is written that the questions come from, where it is one of separated text. */
  readonly spelling?: TableSpelling | undefined;
}

/** How answers are written, a line each. */
type Write = (answers: AsyncIterable<AnsweredInput>, table: AnswerTable) => Lines;

/** Ways to write answers, by the names that `--format` has for them. */
const formats = {
  text: answers => eachLine(answers, describe),
  jsonl: answers => eachLine(answers, ({ written: _, ...answer }) => JSON.stringify(answer)),
  csv: csvTable,
} as const satisfies Readonly<Record<string, Write>>;

export type PredictionFormat = keyof typeof formats;

export const predictionFormats = Object.keys(formats) as readonly PredictionFormat[];

/** Answers as lines of a format. */
export function predictionLines(
  format: PredictionFormat,
  answers: AsyncIterable<AnsweredInput>,
  table: AnswerTable,
): Lines {
  return formats[format](answers, table);
}

/**
 * The format that is asked for, else the one that the ending of the file's name says, else the one for people.
 * @throws InputError where neither says one
 */
export function formatOf(given: string | undefined, out: string | undefined): PredictionFormat {
  const ending = out === undefined ? 'text' : extname(out).slice(1).toLowerCase();
  const named = given ?? ending;
  const known = predictionFormats.find(format => format === named);
  if (known !== undefined) return known;
  throw new InputError(
    given === undefined ? 'the ending of this name says no format' : `there is no format \`${given}\``,
    {
      code: 'unknown-value',
      where: given === undefined ? out : '--format',
      remedy: `end the name in .csv or .jsonl, or give --format ${predictionFormats.join(', ')}`,
    },
  );
}

async function* eachLine(answers: AsyncIterable<AnsweredInput>, write: (answer: AnsweredInput) => string) {
  for await (const answer of answers) yield write(answer);
}

/**
 * The input's columns, then what the model says of each row; a name that is taken already gets a number. Written as the
 * input is: by its separator, with its decimal commas.
 */
async function* csvTable(answers: AsyncIterable<AnsweredInput>, { labels, saysNumbers, spelling }: AnswerTable) {
  let columns: readonly string[] | undefined;
  const { separator = ',', opening = '', hasDecimalCommas = false } = spelling ?? {};
  const number = (value: number | string | undefined) =>
    hasDecimalCommas ? value?.toString().replace('.', ',') : value?.toString();
  const line = (cells: readonly (string | undefined)[]) =>
    csvLines(
      cells.map(cell => cell ?? ''),
      [],
      separator,
    ).slice(0, -1);
  for await (const { row, written, source, line: at, answer, label, probability, probabilities, cut } of answers) {
    const own = row ?? { line: at, text: source };
    if (columns === undefined) {
      columns = Object.keys(own);
      const added = [
        'prediction',
        ...(labels ? ['answer'] : []),
        'probability',
        ...(labels ?? []).map(name => `p(${name})`),
        'cut',
      ];
      yield opening + line([...columns, ...freeNames(added, columns)]);
    }
    const unknown = Object.keys(own).find(name => !columns!.includes(name));
    if (unknown !== undefined) {
      throw new InputError(`this row has a column "${unknown}", and the first row has none`, {
        code: 'missing-column',
        where: `line ${at}`,
        remedy: 'write .jsonl (--format jsonl), where each row has its own columns',
      });
    }
    yield line([
      ...columns.map(name => written?.[name] ?? cellText((own as Readonly<Record<string, unknown>>)[name])),
      label ?? (saysNumbers ? number(answer ?? '') : answer) ?? '',
      ...(labels ? [answer ?? ''] : []),
      number(probability),
      ...(labels ?? []).map(name => number(probabilities?.[name])),
      number(cut),
    ]);
  }
}

function freeNames(names: readonly string[], taken: readonly string[]): string[] {
  return names.map(name => {
    let free = name;
    for (let i = 2; taken.includes(free); i++) free = `${name} ${i}`;
    return free;
  });
}

function cellText(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const shownCharacters = 60;

/** `praise (1)  98.2 %  3.1 ms  dinner: the soup was hot…` */
function describe({ line, answer, label, probability, seconds, source, cut }: AnsweredInput): string {
  if (answer === null) return `–  not answered: line ${line} holds no text`;
  const name = label === undefined || label === answer ? answer : `${label} (${answer})`;
  const text = source.replaceAll(/\s+/g, ' ');
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters - 1)}…` : text;
  const sure = probability === undefined ? [] : [`${(100 * probability).toFixed(1)} %`];
  const lost = cut === undefined ? [] : [`cut by ${cut} tokens`];
  return [name, ...sure, `${(1000 * seconds).toFixed(1)} ms`, ...lost, shown].join('  ');
}
