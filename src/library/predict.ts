import { writesSentinel } from '../config/presets.ts';
import { withSentinel } from '../data/tokenizer/sentinel.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import { type AnswerEachOptions, answerEach, type Prediction } from './answer-each.ts';
import { asInterrupted } from './interrupted.ts';
import type { TunedStructure } from './tune.ts';

export interface PredictOptions extends AnswerEachOptions {
  /** Whether answers are written after a sentinel (default: as the settings of `tune` are for this model). */
  readonly sentinel?: boolean;
}

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
  const { sentinel = writesSentinel(model.name) } = options;
  const tokenizer = sentinel ? withSentinel(model.tokenizer) : model.tokenizer;
  const program = await model.compile(keptModules(tuned.structure, model));
  yield* answerEach({ program, delta: tuned.delta, tokenizer }, texts, options);
}
