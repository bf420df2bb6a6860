import type { Settings } from '../config/settings.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { answerEach, type Prediction } from '../library/answer-each.ts';
import type { StopContext } from '../library/evaluate.ts';
import { sourceText } from '../tasks/source-text.ts';
import { loadAsked } from './load-asked.ts';

/** An answer beside what was asked. */
export interface AnsweredInput extends Prediction {
  /** Line of the input, from 1. */
  readonly line: number;
  /** What the model has read. */
  readonly source: string;
}

/**
 * Answers inputs with what a run has trained, or an exported model, in their order, as they come; holds no more than a few
 * batches of them.
 * @param changes settings that may differ from the run's
 * @throws InputError where the folder holds nothing trained that can answer, and for an input that is not as the task's are
 * @throws InterruptedError where the signal has aborted
 */
export async function* runPredictJob(
  path: string,
  inputs: AsyncIterable<ModelInput> | Iterable<ModelInput>,
  changes: Pick<Settings, 'model' | 'task' | 'batch-size' | 'device' | 'threads' | 'max-length'> = {},
  { signal }: StopContext = {},
): AsyncGenerator<AnsweredInput, void> {
  const { task, sizes, ...asked } = await loadAsked(path, changes);
  const pending: { line: number; source: string }[] = [];
  async function* sources() {
    for await (const input of inputs) {
      const source = sourceText(task, input);
      pending.push({ line: input.line, source });
      yield source;
    }
  }
  for await (const prediction of answerEach(asked, sources(), { task, ...sizes, ...(signal && { signal }) })) {
    yield { ...pending.shift()!, ...prediction };
  }
}
