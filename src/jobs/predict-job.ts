import type { Settings } from '../config/settings.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { answerEach, type Prediction } from '../library/answer-each.ts';
import type { StopContext } from '../library/run-to-end.ts';
import { segmentsOf } from '../tasks/segments.ts';
import type { JobContext } from './job-events.ts';
import { loadInference } from './load-inference.ts';

/** An answer beside what was asked. */
export interface AnsweredInput extends Prediction {
  /** Line of the input, from 1. */
  readonly line: number;
}

/**
 * Answers inputs with what a run has trained, or an exported model, in their order, as they come; holds no more than a
 * few batches of them.
 * @param changes settings that may differ from the run's
 * @throws InputError where the folder holds nothing trained that can answer, and for an input that is not as the task's
 * are
 * @throws InterruptedError where the signal has aborted
 */
export async function* runPredictJob(
  path: string,
  inputs: AsyncIterable<ModelInput> | Iterable<ModelInput>,
  changes: Pick<Settings, 'model' | 'task' | 'batch-size' | 'device' | 'threads' | 'max-length' | 'plugins'> = {},
  { signal, onEvent }: StopContext & Pick<JobContext, 'onEvent'> = {},
): AsyncGenerator<AnsweredInput, void> {
  const { task, sizes, ...asked } = await loadInference(path, changes, { onEvent });
  const lines: number[] = [];
  async function* questions() {
    for await (const input of inputs) {
      const question = segmentsOf(task, input);
      lines.push(input.line);
      yield question;
    }
  }
  for await (const prediction of answerEach(asked, questions(), { ...sizes, ...(signal && { signal }) })) {
    yield { line: lines.shift()!, ...prediction };
  }
}
