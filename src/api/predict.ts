import { writesSentinel } from '../config/presets.ts';
import { evaluationBatches } from '../data/batches.ts';
import { chunks } from '../data/chunks.ts';
import { encodeSource } from '../data/encode.ts';
import { withSentinel } from '../data/sentinel.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { Task } from '../tasks/task.ts';
import { type Answer, answerer } from './answers.ts';
import { freeTextTokens } from './encode-task.ts';
import type { StopContext } from './evaluate.ts';
import { asInterrupted, interruption } from './interrupted.ts';
import type { TunedStructure } from './tune.ts';

export interface PredictOptions extends StopContext {
  /** The task, whose labels are the answers to choose from. Without labels the answer is generated. */
  readonly task?: Pick<Task, 'labels' | 'labelNames'>;
  /** Most tokens of a generated answer. */
  readonly maxTokens?: number;
  /** Longest source in tokens; longer ones are cut. */
  readonly maxLength?: number;
  readonly batchSize?: number;
  /** Whether answers are written after a sentinel (default: as the settings of `tune` are for this model). */
  readonly sentinel?: boolean;
}

/** What the model says of one text. */
export interface Prediction extends Answer {
  /** Wall-clock time: that of the batch it was answered in, over the number of texts in the batch. */
  readonly seconds: number;
}

/** Batches in a window within which texts are sorted by length, so that little is padded. */
const windowBatches = 8;

/**
 * The model's answer to each text, in their order. A text is written as the task writes its sources.
 * @throws InputError where the parameters are another model's; InterruptedError where the signal has aborted
 */
export function predict(
  model: Model,
  tuned: TunedStructure,
  texts: Iterable<string>,
  options: PredictOptions = {},
): Promise<Prediction[]> {
  return asInterrupted(options.signal, async () => {
    const predictions: Prediction[] = [];
    for await (const prediction of predictEach(model, tuned, texts, options)) predictions.push(prediction);
    return predictions;
  });
}

/**
 * The same for a stream of texts, however long: yields the answers in the order of the texts, and holds no more than a
 * few batches of either. A text that comes alone does not wait for others.
 * @throws as `predict`
 */
export async function* predictEach(
  model: Model,
  tuned: TunedStructure,
  texts: AsyncIterable<string> | Iterable<string>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction, void> {
  const { task, maxTokens = freeTextTokens, maxLength = 512, batchSize = 16, signal } = options;
  const { sentinel = writesSentinel(model.name) } = options;
  const tokenizer = sentinel ? withSentinel(model.tokenizer) : model.tokenizer;
  const program = await model.compile(keptModules(tuned.structure, model));
  const answer = answerer(program, tuned.delta, tokenizer, { ...task, maxTokens });
  try {
    for await (const window of chunks(texts, batchSize * windowBatches)) {
      const sources = window.map(text => ({ source: encodeSource(tokenizer, text, maxLength) }));
      const predictions = new Array<Prediction>(window.length);
      for (const batch of evaluationBatches(sources, batchSize)) {
        signal?.throwIfAborted();
        const started = performance.now();
        const answers = await answer(batch.map(index => sources[index]!.source));
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
