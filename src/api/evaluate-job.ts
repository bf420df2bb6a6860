import { readConfigFile } from '../config/config-file.ts';
import type { Settings } from '../config/settings.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import { evaluateInDetail, type SplitName } from './evaluate.ts';
import { asInterrupted } from './interrupted.ts';
import type { JobContext } from './job-events.ts';
import { prepare } from './prepare.ts';
import { readTuned } from './read-tuned.ts';

export interface EvaluationOutcome {
  readonly task: string;
  readonly model: string;
  readonly split: SplitName;
  readonly examples: number;
  readonly metric: string;
  /** 0 to 100. */
  readonly score: number;
  /** Further metrics of the task, by their names. */
  readonly details: Readonly<Record<string, number>>;
}

/**
 * Scores a finished run's parameters on a split of its task, drawn by its seed. Writes nothing.
 * @param changes settings that may differ from the run's: other data, more examples, another batch size
 * @throws InputError where the folder holds no trained run, or does not fit the model any more
 */
export function runEvaluateJob(
  path: string,
  split: SplitName,
  changes: Pick<Settings, 'data' | 'batch-size' | 'device' | 'threads' | 'max-validation' | 'max-test' | 'model'>,
  context: JobContext = {},
): Promise<EvaluationOutcome> {
  return asInterrupted(context.signal, async () => {
    const folder = runFolder(path);
    requireRun(folder);
    const { model, data } = await prepare({ ...readConfigFile(folder.config), ...changes }, context);
    const scores = await evaluateInDetail(model, await readTuned(path, model), data, split, context);
    const { name: task, metric } = data.task;
    return { task, model: model.name, split, examples: data[split].targets.length, metric, ...scores };
  });
}
