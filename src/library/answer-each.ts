import { evaluationBatches } from '../data/batches.ts';
import { encodeSource, tokensToGenerate } from '../data/encode.ts';
import { chunks } from '../data/in-chunks.ts';
import type { Tokenizer } from '../data/tokenizer/tokenizer.ts';
import type { AskedProgram } from '../export/exporter.ts';
import type { Task } from '../tasks/task.ts';
import { type Answer, answerer } from './answers.ts';
import { freeTextTokens } from './encode-task.ts';
import type { StopContext } from './evaluate.ts';
import { interruption } from './interrupted.ts';

/** What is asked: a program, the parameters it takes, and how it reads texts and writes answers. */
export interface Asked {
  readonly program: AskedProgram;
  readonly delta: Float32Array;
  readonly tokenizer: Tokenizer;
}

export interface AnswerEachOptions extends StopContext {
  /** The task, whose labels are the answers to choose from. Without labels the answer is generated. */
  readonly task?: Pick<Task, 'labels' | 'labelNames' | 'maxTargetLength'>;
  /** Most tokens of a generated answer (default: the task's). */
  readonly maxTokens?: number;
  /** Longest source in tokens; longer ones are cut. */
  readonly maxLength?: number;
  readonly batchSize?: number;
}

/** What the model says of one text. */
export interface Prediction extends Answer {
  /** Wall-clock time: that of the batch it was answered in, over the number of texts in the batch. */
  readonly seconds: number;
}

/** Batches in a window within which texts are sorted by length, so that little is padded. */
const windowBatches = 8;

/**
 * Answers a stream of texts, however long: yields the answers in the order of the texts, and holds no more than a few
 * batches of either. A text that comes alone does not wait for others. The program is released at the end.
 * @throws InputError where the vocabulary cannot spell a label; InterruptedError where the signal has aborted
 */
export async function* answerEach(
  { program, delta, tokenizer }: Asked,
  texts: AsyncIterable<string> | Iterable<string>,
  {
    task,
    maxTokens = tokensToGenerate(tokenizer, task?.maxTargetLength ?? freeTextTokens),
    maxLength = 512,
    batchSize = 16,
    signal,
  }: AnswerEachOptions,
): AsyncGenerator<Prediction, void> {
  try {
    const answer = answerer(program, delta, tokenizer, { ...task, maxTokens });
    for await (const window of chunks(texts, batchSize * windowBatches)) {
      const asked = window.map(text => ({ input: encodeSource(tokenizer, text, maxLength) }));
      const predictions = new Array<Prediction>(window.length);
      for (const batch of evaluationBatches(asked, batchSize)) {
        signal?.throwIfAborted();
        const started = performance.now();
        const answers = await answer(batch.map(index => asked[index]!.input));
        const seconds = (performance.now() - started) / 1000 / batch.length;
        for (const [place, index] of batch.entries()) predictions[index] = { ...answers[place]!, seconds };
      }
      yield* predictions;
    }
  } catch (error) {
    throw interruption(signal, error);
  } finally {
    await program.release();
  }
}
