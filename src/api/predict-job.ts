import type { Settings } from '../config/settings.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { sourceText } from '../tasks/source-text.ts';
import type { StopContext } from './evaluate.ts';
import { loadTuned } from './load-tuned.ts';
import { type Prediction, predictEach } from './predict.ts';

/** An answer beside what was asked. */
export interface AnsweredInput extends Prediction {
  /** Line of the input, from 1. */
  readonly line: number;
  /** What the model has read. */
  readonly source: string;
}

/**
 * Answers inputs with what a run has trained, in their order, as they come; holds no more than a few batches of them.
 * @param changes settings that may differ from the run's
 * @throws InputError where the folder holds no trained run, and for an input that is not as the task's are
 * @throws InterruptedError where the signal has aborted
 */
export async function* runPredictJob(
  path: string,
  inputs: AsyncIterable<ModelInput> | Iterable<ModelInput>,
  changes: Pick<Settings, 'model' | 'task' | 'batch-size' | 'threads' | 'max-length'> = {},
  { signal }: StopContext = {},
): AsyncGenerator<AnsweredInput, void> {
  const { settings, model, task, tuned } = await loadTuned(path, changes);
  const asked: { line: number; source: string }[] = [];
  async function* sources() {
    for await (const input of inputs) {
      const source = sourceText(task, input);
      asked.push({ line: input.line, source });
      yield source;
    }
  }
  const options = {
    task,
    maxLength: settings['max-length'],
    batchSize: settings['batch-size'],
    sentinel: settings.sentinel,
    ...(signal && { signal }),
  };
  for await (const prediction of predictEach(model, tuned, sources(), options)) {
    yield { ...asked.shift()!, ...prediction };
  }
}
