import { join } from 'node:path';
import { requireDevice, requireModelAndTask } from '../config/check.ts';
import { choosePreset } from '../config/presets.ts';
import { type ResolvedSettings, resolveSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { encodeExamples, longestTokenCount, type TextExample } from '../data/encode.ts';
import { metrics } from '../metrics/index.ts';
import { loadModel } from '../models/load.ts';
import type { Model } from '../models/model.ts';
import type { EncodedExample } from '../runtime/program.ts';
import { loadTask } from '../tasks/index.ts';
import { loadTaskData, type Task } from '../tasks/task.ts';
import { sample } from './halves.ts';
import type { JobContext } from './job-events.ts';
import { commonest, type ScoredSplit, type Scoring } from './scoring.ts';

/** Everything the stages of a job share: loaded, split by the seed, and encoded. */
export interface Prepared {
  readonly settings: ResolvedSettings;
  readonly task: Task;
  readonly model: Model;
  readonly train: readonly EncodedExample[];
  readonly validation: ScoredSplit;
  readonly test: ScoredSplit;
  readonly scoring: Scoring;
  /** Test score of always giving the commonest target of the training set. */
  readonly majority: number;
}

/** Longest answer in tokens where a task's targets are free text. */
const freeTextTokens = 16;

/**
 * Loads the model, the task and its data. Touches no file.
 * @throws InputError for anything wrong with them
 */
export async function prepare(given: Settings, { signal, onEvent }: JobContext): Promise<Prepared> {
  requireDevice(given);
  const named = requireModelAndTask(given);
  const task = await loadTask(named.task);
  const preset = choosePreset(named.model, { ...task.presets, maxLength: task.maxSourceLength });
  const settings = resolveSettings(named, preset);
  const model = await loadModel(named.model, settings.threads === undefined ? {} : { threads: settings.threads });
  signal?.throwIfAborted();

  const { seed } = settings;
  const data = await loadTaskData(task, { data: settings.data ?? sharedData(), seed });
  const { tokenizer } = model;
  const toSplit = (examples: readonly TextExample[]) => ({
    examples: encodeExamples(tokenizer, examples, settings['max-length']),
    targets: examples.map(example => example.target),
  });
  const train = encodeExamples(tokenizer, data.train, settings['max-length']);
  const validation = toSplit(sample(data.validation, settings['max-validation'], seed, 'sample/validation'));
  const test = toSplit(sample(data.test, settings['max-test'], seed, 'sample/test'));
  const sizes = `${train.length} training, ${validation.targets.length} validation and ${test.targets.length} test examples`;
  onEvent?.({ type: 'message', text: `${task.name} on ${model.name}: ${sizes} (${data.note})` });

  const scoring: Scoring = {
    tokenizer,
    score: (predictions, targets) => metrics[task.metric](predictions, targets, task.labels),
    maxTokens: task.labels === undefined ? freeTextTokens : longestTokenCount(tokenizer, task.labels) + 1,
    batchSize: settings['batch-size'],
    ...(signal !== undefined && { signal }),
  };
  const guess = commonest(data.train.map(example => example.target));
  const majority = scoring.score(
    test.targets.map(() => guess),
    test.targets,
  );
  return { settings, task, model, train, validation, test, scoring, majority };
}

/** Where the data sets that come with no package lie, unless `--data` says otherwise. */
function sharedData(): string {
  return join(process.env.S3DELTA_SHARED ?? join('..', 'shared'), 'data');
}
