import { join } from 'node:path';
import { requireDevice, requireModelAndTask, requireReadableBudget } from '../config/check.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { loadModel } from '../models/load.ts';
import type { Model } from '../models/model.ts';
import { loadTask } from '../tasks/index.ts';
import { loadTaskData } from '../tasks/task.ts';
import { type EncodedTask, encodeTask } from './encode-task.ts';
import type { JobContext } from './job-events.ts';
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
export async function prepare(given: Settings, { signal, onEvent }: JobContext): Promise<Prepared> {
  requireDevice(given);
  requireReadableBudget(given);
  const named = requireModelAndTask(given);
  const task = await loadTask(named.task);
  const model = await loadModel(named.model, {
    ...(named.threads !== undefined && { threads: named.threads }),
    signal,
  });
  const settings = completeSettings(model, task, named);
  const examples = await loadTaskData(task, { data: settings.data ?? sharedData(), seed: settings.seed, signal });
  const data = await encodeTask(model, task, examples, settings, { signal });
  const { train, validation, test } = data;
  const sizes = `${train.length} training, ${validation.targets.length} validation and ${test.targets.length} test examples`;
  onEvent?.({ type: 'message', text: `${task.name} on ${model.name}: ${sizes} (${examples.note})` });
  return { settings, model, data };
}

/** Where the data sets that come with no package lie, unless `--data` says otherwise. */
function sharedData(): string {
  return join(process.env.S3DELTA_SHARED ?? join('..', 'shared'), 'data');
}
