import { builtIn } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { encodeExamplesOf, type JudgedSplit } from '../library/encode-task.ts';
import { assessTuned, type SplitName } from '../library/evaluate.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import type { Assessment } from '../metrics/assessment.ts';
import { changedData, type RunInputs, readRunInputs } from '../runs/inputs.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { fieldsOf, readExamples } from '../tasks/row-form.ts';
import type { Task } from '../tasks/task.ts';
import { freshLoaders, type JobContext, type Loaders } from './job-events.ts';
import { loadTuned, readTuned, requireTrainedRun } from './load-tuned.ts';
import { recordedSettings } from './open-run.ts';
import { prepare, requireModelOfRun, taskOfRun } from './prepare.ts';

/** Scores of a run on some examples. `evaluate --json` prints it: fields are added, never renamed. */
export interface EvaluationOutcome extends Assessment {
  readonly task: string;
  readonly model: string;
  /** Which examples: a split of the task's, or a file's. */
  readonly split: SplitName | 'file';
  readonly file?: string;
  readonly examples: number;
  readonly metric: string;
  /** Further metrics of the task, by their names. */
  readonly details: Readonly<Record<string, number>>;
  /** Inputs that were longer than is read and have been cut, of those that were scored. */
  readonly cut: number;
}

type Changes = Pick<
  Settings,
  | 'data'
  | 'batch-size'
  | 'device'
  | 'threads'
  | 'max-validation'
  | 'max-test'
  | 'max-length'
  | 'model'
  | 'task'
  | 'answers'
  | 'plugins'
>;

/**
 * Scores a finished run's parameters on a split of its task, drawn by its seed. Writes nothing.
 * @param changes settings that may differ from the run's: other data, more examples, another batch size
 * @throws InputError where the folder holds no trained run, does not fit the model any more, or the task's file has
 * moved
 */
export function runEvaluateJob(
  path: string,
  split: SplitName,
  changes: Changes,
  context: JobContext = {},
): Promise<EvaluationOutcome> {
  return asInterrupted(context.signal, async () => {
    const { model, data, tuned, catalogue } = await prepareTrained(path, changes, context);
    const judged = { ...data, split: data[split] };
    const worth = await assessTuned(model, tuned, judged, { ...context, catalogue });
    const cut = data.inputs.sets[split]?.cut ?? 0;
    return { ...about(data.task, model.name, split, judged), cut, ...worth };
  });
}

/** What a run has trained, with its data. @throws as `runEvaluateJob` */
export async function prepareTrained(path: string, changes: Settings, context: JobContext) {
  const folder = requireTrainedRun(path);
  const given = recordedSettings(folder, changes, context.catalogue);
  const isGiven = changes.task !== undefined;
  const loaders: Loaders = {
    ...freshLoaders,
    ...context.loaders,
    task: (task, known = builtIn) => taskOfRun(folder, { task, isGiven }, known, context),
  };
  const { config, inputs, model, data, catalogue } = await prepare(given, { ...context, loaders });
  await requireModelOfRun(folder, model);
  if (!isGiven) await tellOtherData(folder, inputs, context);
  return { config, model, data, catalogue, tuned: await readTuned(path, model, catalogue) };
}

/** Whoever compares a score with the run's own must know where its rows are others. */
async function tellOtherData(folder: RunFolder, now: RunInputs, { onEvent }: JobContext): Promise<void> {
  const then = await readRunInputs(folder);
  const changes = then === undefined ? [] : changedData(then.data, now.data);
  if (changes.length === 0) return;
  const text = `the data are not those that this run was trained on: ${changes.join('; ')}`;
  onEvent?.({ type: 'warning', text: `${text}; some that it was trained on may be scored now` });
}

/**
 * Scores them on the labelled rows of a file, which need not be among the task's; reads none of the task's own data.
 * @throws InputError as `runEvaluateJob`, and with file and line where a row has no label or not the task's columns
 */
export function runEvaluateFileJob(
  path: string,
  file: string,
  changes: Changes,
  context: JobContext = {},
): Promise<EvaluationOutcome> {
  return asInterrupted(context.signal, async () => {
    const { config, model, task, tuned, catalogue } = await loadTuned(path, changes, context);
    const examples = await labelledRows(task, file);
    const judged = await encodeExamplesOf(model, task, examples, config.encoding, { ...context, catalogue });
    if (judged.cutTexts !== undefined) context.onEvent?.({ type: 'warning', text: judged.cutTexts });
    const worth = await assessTuned(model, tuned, judged, { ...context, catalogue });
    return { ...about(task, model.name, 'file', judged), file, cut: judged.inputs.cut, ...worth };
  });
}

function labelledRows({ name, rows, segments }: Task, file: string) {
  if (rows === undefined || segments === undefined) {
    throw new InputError(`the examples of ${name} are no rows of a file`, {
      code: 'task-without-fields',
      where: '--file',
      remedy: 'leave it out, and give --split validation or test',
    });
  }
  const fields = [...fieldsOf(segments), rows.form.label];
  return readExamples([file], rows.form, { ...rows.optionsFor(file), headerHolds: fields });
}

function about(
  { name: task, metric }: Pick<Task, 'name' | 'metric'>,
  model: string,
  split: EvaluationOutcome['split'],
  { split: { targets } }: Pick<JudgedSplit, 'split'>,
) {
  return { task, model, split, examples: targets.length, metric };
}
