import { evaluationBatches } from '../data/batches.ts';
import { chunks } from '../data/chunks.ts';
import type { Segment } from '../data/example.ts';
import type { InferenceProgram } from '../export/exporter.ts';
import type { Codec } from '../models/codec.ts';
import { type Answer, answerer } from './answers.ts';
import { interruption, type StopContext } from './run-to-end.ts';

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
