import { InputError } from '../core/errors.ts';
import { piecesOf, type Segment } from '../data/example.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import type { KnownColumns } from '../data/rows/cutters.ts';
import type { Row } from '../data/rows/row.ts';
import type { InferenceTask } from '../export/description.ts';
import { answerEach, type Prediction } from '../library/predict.ts';
import { expanded, fieldsOf } from '../tasks/row-form.ts';
import { segmentsOf } from '../tasks/segments.ts';
import type { JobContext } from './job-events.ts';
import { type InferenceChanges, loadInference } from './load-tuned.ts';

/** An answer beside what was asked. */
export interface AnsweredInput extends Omit<Prediction, 'answer'> {
  /** Line of the input, from 1. */
  readonly line: number;
  /** What the model answers; null where there is no text to answer. */
  readonly answer: string | null;
  /** All columns of the row that was asked, where it was one: those too that the model does not read. */
  readonly row?: Row['fields'];
  /** Of these, cells as the file has them, where they are read otherwise. */
  readonly written?: NonNullable<Row['written']>;
}

type Inputs = AsyncIterable<ModelInput> | Iterable<ModelInput>;

/** Something trained that is ready to answer. */
export interface PredictJob {
  /** Names of the labels that every answer is one of; undefined where there are none. */
  readonly labels: readonly string[] | undefined;
  /** Whether every answer is a number. */
  readonly saysNumbers: boolean;
  /** What is known of the columns of a file of that name that holds inputs. */
  columnsOf(file: string): KnownColumns;
  /** Answers inputs in their order, as they come; holds no more than a few batches of them. */
  answer(inputs: Inputs): AsyncGenerator<AnsweredInput, void>;
}

const linesTold = 5;

/**
 * Opens what a run has trained, or an exported model, to be asked. A row without any text is not answered; how many
 * there were, and how many texts were cut, is told at the end.
 * @param changes settings that may differ from the run's
 * @throws InputError where the folder holds nothing trained that can answer; its answers throw it for an input that is
 * not as the task's are, and an InterruptedError where the signal has aborted
 */
export async function openPredictJob(
  path: string,
  changes: InferenceChanges = {},
  { signal, onEvent }: Pick<JobContext, 'signal' | 'onEvent'> = {},
): Promise<PredictJob> {
  const { task, sizes, ...asked } = await loadInference(path, changes, { onEvent });
  const { questionsOf, columnsOf } = inputReader(task);
  return {
    labels: task.labels,
    saysNumbers: task.numbers !== undefined,
    columnsOf,
    async *answer(inputs) {
      const waiting: AskedInput[] = [];
      const unanswered: number[] = [];
      let [all, cut] = [0, 0];
      async function* questions() {
        for await (const input of inputs) {
          for (const asked of questionsOf(input)) {
            waiting.push(asked);
            yield asked.question;
          }
        }
      }
      for await (const prediction of answerEach(asked, questions(), { ...sizes, ...(signal && { signal }) })) {
        const { input, isEmpty } = waiting.shift()!;
        all += 1;
        if (isEmpty) unanswered.push(input.line);
        else if (prediction.cut !== undefined) cut += 1;
        yield answered({ input, isEmpty }, prediction);
      }
      const warn = (text: string) => onEvent?.({ type: 'warning', text });
      if (unanswered.length > 0) warn(unansweredInWords(unanswered));
      if (cut > 0) warn(`${cut} of ${all} texts are longer than the model reads and were cut (--max-length)`);
    },
  };
}

/** An input as it is asked. */
export interface AskedInput {
  readonly input: ModelInput;
  readonly question: readonly Segment[];
  /** Whether no field holds a text. */
  readonly isEmpty: boolean;
}

/** How the inputs of a task are read. */
interface InputReader extends Pick<PredictJob, 'columnsOf'> {
  /**
   * What an input asks: one question, of some tasks several.
   * @throws InputError where the input is not as the task's are
   */
  questionsOf(input: ModelInput): readonly AskedInput[];
}

/** Reads inputs as a task's own rows are read. */
export function inputReader(task: InferenceTask): InputReader {
  const { rows, segments } = task;
  const fields = segments === undefined ? [] : fieldsOf(segments);
  return {
    questionsOf: input => {
      const expands = 'fields' in input && rows !== undefined;
      return (expands ? expanded(input, fields, rows.optionsFor(input.file)) : [input]).map(each => {
        const question = rows === undefined ? withTaskRemedy(() => segmentsOf(task, each)) : segmentsOf(task, each);
        return { input: each, question, isEmpty: isEmpty(question) };
      });
    },
    columnsOf: file => ({
      ...(rows && { columns: rows.optionsFor(file).columns, mayLack: rows.form.label }),
      headerHolds: fields,
    }),
  };
}

/** An export knows its fields, and not how a table without names of columns is laid out: the task's file does. */
function withTaskRemedy<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== 'missing-column') throw error;
    const { what, code, where, remedy } = error;
    const names = 'where the first line holds no names of columns, give the file of the task with --task';
    throw new InputError(what, { code, where, remedy: [remedy, names].filter(Boolean).join('; '), cause: error });
  }
}

/** What is said to an input: nothing to one without a text. */
export function answered(
  { input, isEmpty }: Pick<AskedInput, 'input' | 'isEmpty'>,
  prediction: Prediction,
): AnsweredInput {
  const { source, seconds } = prediction;
  const said = isEmpty ? { source, seconds, answer: null } : prediction;
  if (!('fields' in input)) return { line: input.line, ...said };
  const { line, fields: row, written } = input;
  return { line, ...said, row, ...(written && { written }) };
}

/**
 * The same in one go: answers inputs in their order, as they come.
 * @throws as `openPredictJob`
 */
export async function* runPredictJob(
  path: string,
  inputs: Inputs,
  changes: InferenceChanges = {},
  context: Pick<JobContext, 'signal' | 'onEvent'> = {},
): AsyncGenerator<AnsweredInput, void> {
  yield* (await openPredictJob(path, changes, context)).answer(inputs);
}

/** Whether no field holds a text: what the task writes around them is none. */
function isEmpty(question: readonly Segment[]): boolean {
  return question.flatMap(piecesOf).every(({ text, field }) => field === undefined || text.trim() === '');
}

function unansweredInWords(lines: readonly number[]): string {
  const told = `${lines.slice(0, linesTold).join(', ')}${lines.length > linesTold ? ', …' : ''}`;
  return lines.length === 1
    ? `the input of line ${told} holds no text and was not answered`
    : `${lines.length} inputs hold no text and were not answered: lines ${told}`;
}
