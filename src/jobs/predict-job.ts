import type { Settings } from '../config/settings.ts';
import { piecesOf, type Segment } from '../data/example.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import type { KnownColumns } from '../data/rows/columns.ts';
import type { Row } from '../data/rows/row.ts';
import { answerEach, type Prediction } from '../library/answer-each.ts';
import { expanded } from '../tasks/read-examples.ts';
import { fieldsOf } from '../tasks/row-form.ts';
import { segmentsOf } from '../tasks/segments.ts';
import type { JobContext } from './job-events.ts';
import { loadInference } from './load-inference.ts';

/** An answer beside what was asked. */
export interface AnsweredInput extends Omit<Prediction, 'answer'> {
  /** Line of the input, from 1. */
  readonly line: number;
  /** What the model answers; null where there is no text to answer. */
  readonly answer: string | null;
  /** All columns of the row that was asked, where it was one: those too that the model does not read. */
  readonly row?: Row['fields'];
}

type Changes = Pick<Settings, 'model' | 'task' | 'batch-size' | 'device' | 'threads' | 'max-length' | 'plugins'>;

type Inputs = AsyncIterable<ModelInput> | Iterable<ModelInput>;

/** Something trained that is ready to answer. */
export interface PredictJob {
  /** Names of the labels that every answer is one of; undefined where there are none. */
  readonly labels: readonly string[] | undefined;
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
  changes: Changes = {},
  { signal, onEvent }: Pick<JobContext, 'signal' | 'onEvent'> = {},
): Promise<PredictJob> {
  const { task, sizes, ...asked } = await loadInference(path, changes, { onEvent });
  const { rows, segments } = task;
  const fields = segments === undefined ? [] : fieldsOf(segments);
  const rowsOf = (input: ModelInput): readonly ModelInput[] =>
    'fields' in input && rows !== undefined ? expanded(input, fields, rows.optionsFor(input.file)) : [input];
  return {
    labels: task.labels,
    columnsOf: file => ({
      ...(rows && { columns: rows.optionsFor(file).columns, mayLack: rows.form.label }),
      headerHolds: fields,
    }),
    async *answer(inputs) {
      const waiting: { readonly input: ModelInput; readonly isEmpty: boolean }[] = [];
      const unanswered: number[] = [];
      let [all, cut] = [0, 0];
      async function* questions() {
        for await (const input of inputs) {
          for (const row of rowsOf(input)) {
            const question = segmentsOf(task, row);
            waiting.push({ input: row, isEmpty: isEmpty(question) });
            yield question;
          }
        }
      }
      for await (const prediction of answerEach(asked, questions(), { ...sizes, ...(signal && { signal }) })) {
        const { input, isEmpty } = waiting.shift()!;
        all += 1;
        if (isEmpty) unanswered.push(input.line);
        else if (prediction.cut !== undefined) cut += 1;
        const { source, seconds } = prediction;
        const said = isEmpty ? { source, seconds, answer: null } : prediction;
        yield { line: input.line, ...said, ...('fields' in input && { row: input.fields }) };
      }
      const warn = (text: string) => onEvent?.({ type: 'warning', text });
      if (unanswered.length > 0) warn(unansweredInWords(unanswered));
      if (cut > 0) warn(`${cut} of ${all} texts are longer than the model reads and were cut (--max-length)`);
    },
  };
}

/**
 * The same in one go: answers inputs in their order, as they come.
 * @throws as `openPredictJob`
 */
export async function* runPredictJob(
  path: string,
  inputs: Inputs,
  changes: Changes = {},
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
