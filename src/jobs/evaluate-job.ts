import { builtIn } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { evaluateInDetail, type SplitName } from '../library/evaluate.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import type { JobContext } from './job-events.ts';
import { readTuned, requireTrainedRun } from './load-tuned.ts';
import { freshLoaders, type Loaders } from './loaders.ts';
import { recordedSettings } from './open-run.ts';
import { prepare } from './prepare.ts';
import { requireModelOfRun, taskOfRun } from './run-inputs.ts';

/** Scores of a run on one part of its task. */
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
 * @throws InputError where the folder holds no trained run, does not fit the model any more, or the task's file has
 * moved
 */
export function runEvaluateJob(
  path: string,
  split: SplitName,
  changes: Pick<
    Settings,
    | 'data'
    | 'batch-size'
    | 'device'
    | 'threads'
    | 'max-validation'
    | 'max-test'
    | 'model'
    | 'task'
    | 'answers'
    | 'plugins'
  >,
  context: JobContext = {},
): Promise<EvaluationOutcome> {
  return asInterrupted(context.signal, async () => {
    const folder = requireTrainedRun(path);
    const settings = recordedSettings(folder, changes, context.catalogue);
    const isGiven = changes.task !== undefined;
    const loaders: Loaders = {
      ...freshLoaders,
      ...context.loaders,
      task: (task, known = builtIn) => taskOfRun(folder, { task, isGiven }, known, context),
    };
    const { model, data, catalogue } = await prepare(settings, { ...context, loaders });
    await requireModelOfRun(folder, model);
    const scores = await evaluateInDetail(model, await readTuned(path, model, catalogue), data, split, {
      ...context,
      catalogue,
    });
    const { name: task, metric } = data.task;
    return { task, model: model.name, split, examples: data[split].targets.length, metric, ...scores };
  });
}
