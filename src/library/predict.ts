import { z } from 'zod';
import type { WithCatalogue } from '../catalogue/catalogue.ts';
import { checkArgument } from '../core/checked-values.ts';
import type { CodedTask } from '../models/codec.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import { segmentsOf } from '../tasks/segments.ts';
import type { Task } from '../tasks/task.ts';
import { type AnswerEachOptions, answerEach, type Inference, type Prediction, type Question } from './answer-each.ts';
import { asInterrupted } from './run-to-end.ts';
import type { TunedStructure } from './tune.ts';

export interface PredictOptions extends AnswerEachOptions, WithCatalogue {
  /** The task, whose labels are the answers to choose from. Without labels the answer is generated. */
  readonly task?: CodedTask & Pick<Partial<Task>, 'segments'>;
  /** Longest input in tokens; longer ones are cut (default 512). */
  readonly maxLength?: number;
  /** Whether answers are written after a sentinel (default: as the model was pre-trained). */
  readonly sentinel?: boolean;
}

const count = z.int({ error: 'a whole number above 0' }).positive({ error: 'a whole number above 0' }).optional();
const predictOptions = z.looseObject(
  { maxLength: count, batchSize: count, maxTokens: count },
  { error: '`{ task, maxLength, batchSize }`, or nothing' },
);

/**
 * The model's answer to each question, in their order. A text is the field of a task that has one, and is read as it is
 * without a task; what the rows of a task give to read (`segmentsOf`) is written in the model's own form.
 * @throws InputError where the parameters are another model's, the vocabulary cannot spell a label, or a text is given
 * to a task of several fields; InterruptedError where the signal has aborted
 */
export function predict(
  model: Model,
  tuned: TunedStructure,
  questions: Iterable<Question>,
  options: PredictOptions = {},
): Promise<Prediction[]> {
  return asInterrupted(options.signal, async () => {
    const predictions: Prediction[] = [];
    for await (const prediction of predictEach(model, tuned, questions, options)) predictions.push(prediction);
    return predictions;
  });
}

/**
 * The same for a stream of questions, however long: yields the answers in their order, and holds no more than a few
 * batches of either. A question that comes alone does not wait for others.
 * @throws as `predict`
 */
export async function* predictEach(
  model: Model,
  tuned: TunedStructure,
  questions: AsyncIterable<Question> | Iterable<Question>,
  given: PredictOptions = {},
): AsyncGenerator<Prediction, void> {
  checkArgument('predict(model, tuned, questions, options)', predictOptions, given);
  const inference = await openInference(model, tuned, given);
  yield* answerEach(inference, read(questions, given.task ?? {}), given);
}

/** What was tuned, compiled to be asked; whoever asks releases the program. */
export async function openInference(
  model: Model,
  { structure, delta }: TunedStructure,
  { task = {}, maxLength = 512, sentinel, catalogue }: PredictOptions,
): Promise<Inference> {
  const codec = model.codec(task, { maxLength, sentinel });
  const program = await model.compile(keptModules(structure, model, undefined, catalogue));
  return { program, delta, codec };
}

/** Texts as the task's rows are read: bare, a model would be asked what it was not trained on. */
async function* read(
  questions: AsyncIterable<Question> | Iterable<Question>,
  { name = 'given', segments }: NonNullable<PredictOptions['task']>,
): AsyncGenerator<Question, void> {
  for await (const question of questions) {
    const isBare = typeof question === 'string' && segments !== undefined;
    yield isBare ? segmentsOf({ name, segments }, { line: 1, text: question }) : question;
  }
}
