import { join } from 'node:path';
import { requireDevice, requireModelAndTask } from '../config/check.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import type { Model } from '../models/model.ts';
import { loadTaskData } from '../tasks/task.ts';
import { type EncodedTask, encodeTask } from './encode-task.ts';
import type { JobContext } from './job-events.ts';
import { freshLoaders } from './loaders.ts';
import { completeSettings } from './stage-settings.ts';

/** Everything the stages of a job share: loaded, split by the seed, and encoded. */
export interface Prepared {
  readonly settings: ResolvedSettings;
  readonly model: Model;
  readonly data: EncodedTask;
}

/**
 * Loads the model, the task and its data. Touches no file.
 * @throws InputError for anything wrong with them
 */
export async function prepare(
  given: Settings,
  { signal, onEvent, loaders = freshLoaders }: JobContext,
): Promise<Prepared> {
  requireDevice(given);
  const named = requireModelAndTask(given);
  const task = await loaders.task(named.task);
  const model = await loaders.model(named.model, named.threads === undefined ? {} : { threads: named.threads });
  const settings = completeSettings(model, task, named);
  signal?.throwIfAborted();

  const examples = await loadTaskData(task, { data: settings.data ?? sharedData(), seed: settings.seed });
  const data = encodeTask(model, task, examples, settings);
  const { train, validation, test } = data;
  const sizes = `${train.length} training, ${validation.targets.length} validation and ${test.targets.length} test examples`;
  onEvent?.({ type: 'message', text: `${task.name} on ${model.name}: ${sizes} (${examples.note})` });
  return { settings, model, data };
}

/** Where the data sets that come with no package lie, unless `--data` says otherwise. */
function sharedData(): string {
  return join(process.env.S3DELTA_SHARED ?? join('..', 'shared'), 'data');
}
