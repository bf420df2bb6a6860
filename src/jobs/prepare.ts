import { existsSync } from 'node:fs';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireFrozenWeights, requireModelAndTask, requireReadableBudget } from '../config/check-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { type EncodedTask, encodeTask } from '../library/encode-task.ts';
import { completeSettings } from '../library/stage-settings.ts';
import type { Model } from '../models/model.ts';
import { readStructure } from '../structure/structure-file.ts';
import { defaultDataFolder } from '../tasks/data-folder.ts';
import { loadTaskData } from '../tasks/task.ts';
import { downloadMessages, type JobContext } from './job-events.ts';
import { freshLoaders } from './loaders.ts';

/** Everything the stages of a job share: loaded, split by the seed, and encoded. */
export interface Prepared {
  /** The names that the job may use: the package's, and those of its plugins. */
  readonly catalogue: Catalogue;
  readonly settings: ResolvedSettings;
  readonly model: Model;
  readonly data: EncodedTask;
}

/**
 * Chooses the device, and loads the model, the task and its data. Touches no file.
 * @throws InputError for anything wrong with them
 */
export async function prepare(
  given: Settings,
  { signal, onEvent, loaders = freshLoaders, catalogue: known }: JobContext,
): Promise<Prepared> {
  const catalogue = openPlugins(given.plugins, known);
  requireReadableBudget(given);
  const asked = requireModelAndTask(given);
  const tuned = await tunedBy(asked);
  requireFrozenWeights(asked, tuned, catalogue);
  const task = await loaders.task(asked.task, catalogue);
  const device = await loaders.device(asked.device, text => onEvent?.({ type: 'message', text }));
  const named = { ...asked, device };
  const download = { onDownload: downloadMessages(onEvent), signal };
  const loaded = await loaders.model(named.model, {
    ...{ ...compileSettings(named), ...download, families: catalogue.families },
  });
  const model = await loaded.forTask(task);
  const settings = completeSettings(model, task, named, tuned, catalogue);

  const { seed, data: place = defaultDataFolder() } = settings;
  const examples = await loadTaskData(task, { data: place, seed, ...download });
  const data = await encodeTask(model, task, examples, settings, { signal, catalogue });
  const { train, validation, test } = data;
  const sizes = `${train.length} training, ${validation.targets.length} validation and ${test.targets.length} test examples`;
  onEvent?.({ type: 'message', text: `${task.name} on ${model.name}: ${sizes} (${data.note})` });
  for (const text of [data.incomplete, data.tooLong]) if (text !== undefined) onEvent?.({ type: 'warning', text });
  return { catalogue, settings, model, data };
}

/** The method, or the space of the structure file, that says what is tuned; a file that is still to be made says nothing. */
async function tunedBy({ method, structure }: Settings): Promise<string | undefined> {
  return structure !== undefined && existsSync(structure) ? (await readStructure(structure)).space : method;
}
