import { z } from 'zod';
import type { WithCatalogue } from '../catalogue/catalogue.ts';
import { checkArgument } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import type { Answering } from '../core/program.ts';
import { chunks, evaluationBatches } from '../data/batches.ts';
import type { Segment } from '../data/example.ts';
import type { InferenceProgram } from '../export/exporter.ts';
import {
  type Choosing,
  type Codec,
  type CodedTask,
  type InferenceInput,
  labelsOf,
  outputsOf,
} from '../models/codec.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import { segmentsOf } from '../tasks/segments.ts';
import type { Task } from '../tasks/task.ts';
import { asInterrupted, interruption, type StopContext } from './run-to-end.ts';
import { batchAnswerer } from './scoring.ts';
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

/** What is asked: a program, the parameters it takes, and how it reads a task's inputs and answers them. */
export interface Inference {
  readonly program: InferenceProgram;
  readonly delta: Float32Array;
  readonly codec: Codec;
}

/** What can be asked: a text that is read as it is, or what a task's row gives to read. */
export type Question = string | readonly Segment[];

export interface AnswerEachOptions extends StopContext {
  /** Most tokens of a generated answer (default: the task's). */
  readonly maxTokens?: number;
  readonly batchSize?: number;
}

/** What the model says to one question. */
export interface Prediction extends Answer {
  /** What it has read, in words. */
  readonly source: string;
  /** Wall-clock time: that of the batch it was answered in, over the number of questions in the batch. */
  readonly seconds: number;
  /** How many tokens of it were too many and were cut off; absent where it was read whole. */
  readonly cut?: number;
}

/** Batches in a window within which questions are sorted by length, so that little is padded. */
const windowBatches = 8;

/**
 * Answers a stream of questions, however long: yields the answers in their order, and holds no more than a few
 * batches of either. A question that comes alone does not wait for others. The program is released at the end.
 * @throws InterruptedError where the signal has aborted
 */
export async function* answerEach(
  { program, delta, codec }: Inference,
  questions: AsyncIterable<Question> | Iterable<Question>,
  { maxTokens, batchSize = 16, signal }: AnswerEachOptions,
): AsyncGenerator<Prediction, void> {
  try {
    const { choice, writing } = codec;
    const limited = writing && maxTokens !== undefined ? { ...writing, maxTokens } : writing;
    const answer = answerer(program, delta, { ...(choice && { choice }), ...(limited && { writing: limited }) });
    for await (const window of chunks(questions, batchSize * windowBatches)) {
      const readings = window.map(question =>
        codec.read(typeof question === 'string' ? [{ text: question }] : question),
      );
      const predictions = new Array<Prediction>(window.length);
      for (const batch of evaluationBatches(readings, batchSize)) {
        signal?.throwIfAborted();
        const started = performance.now();
        const answers = await answer(batch.map(index => readings[index]!));
        const seconds = (performance.now() - started) / 1000 / batch.length;
        for (const [place, index] of batch.entries()) {
          const { text: source, cut } = readings[index]!;
          predictions[index] = { source, ...answers[place]!, seconds, ...(cut > 0 && { cut }) };
        }
      }
      yield* predictions;
    }
  } catch (error) {
    throw interruption(signal, error);
  } finally {
    await program.release();
  }
}

/** An answer, and where it is one of a task's labels, how sure the model is of it. */
export interface Answer {
  /** What the model answers: the likeliest label's word, generated text, or a number. */
  readonly answer: string;
  /** The task's name of that label, e.g. `praise` where `1` is answered; absent where the answer is none. */
  readonly label?: string;
  /** Probability of the answer among the labels, 0 to 1. */
  readonly probability?: number;
  /** The same for every label, by its name. They sum to 1. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** Answers to what is asked, one each. */
export type Answerer = (asked: readonly InferenceInput[]) => Promise<Answer[]>;

/**
 * Chooses among the labels where there are any, else generates greedily. Unlike a generation, as `evaluate` scores it,
 * a choice is always one of the labels; where a generation is one, too, and labels are single tokens, they agree.
 * @throws RangeError where the program cannot answer; InputError from a call where no answer can be told from another
 */
export function answerer(program: Answering, delta: Float32Array, codec: Pick<Codec, 'choice' | 'writing'>): Answerer {
  if (codec.choice !== undefined) return chooser(program, delta, codec.choice);
  const write = batchAnswerer(program, { codec, answers: 'generate' }, { delta });
  return async asked => (await write(asked)).map(answer => ({ answer }));
}

function chooser(program: Answering, delta: Float32Array, choice: Choosing): Answerer {
  return async asked => {
    const inputs = asked.map(({ input }) => input);
    const scores = await program.choose(inputs, outputsOf(choice, asked), delta);
    return scores.map((each, i): Answer => {
      const labels = labelsOf(choice, asked[i]!);
      const known = each.subarray(0, labels?.length ?? 1);
      if (!known.every(Number.isFinite)) throw notFinite();
      if (labels === undefined) return { answer: String(known[0]!) };
      const shares = softmax(known);
      const likeliest = shares.indexOf(Math.max(...shares));
      const { word, name } = labels[likeliest]!;
      return {
        answer: word,
        label: name,
        probability: shares[likeliest]!,
        probabilities: Object.fromEntries(labels.map((label, column) => [label.name, shares[column]!])),
      };
    });
  };
}

function notFinite(): InputError {
  return new InputError('the model gives its labels no finite probabilities', {
    code: 'not-finite',
    remedy: 'its weights are damaged: `s3delta doctor` checks the built-in one, others are to be downloaded again',
  });
}

/** exp xᵢ / Σⱼ exp xⱼ, the largest taken off first so that nothing overflows. */
function softmax(values: Float64Array): number[] {
  const largest = Math.max(...values);
  const powers = Array.from(values, value => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map(power => power / sum);
}
