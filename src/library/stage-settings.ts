import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { type JobConfig, jobConfig } from '../config/job-config.ts';
import { parseSettings } from '../config/parse-settings.ts';
import { choosePreset, withPaperValues } from '../config/presets.ts';
import { type ResolvedSettings, resolveSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { checkArgument } from '../core/arguments.ts';
import type { Model } from '../models/model.ts';
import type { Task } from '../tasks/task.ts';

/** The settings of a stage that is given its model and its data: those of a config file that still say something. */
export type StageSettings = Omit<
  Settings,
  'model' | 'task' | 'data' | 'method' | 'structure' | 'out' | 'device' | 'threads' | 'retrain' | 'random-baseline'
>;

/**
 * Makes values of settings, what was left out among them: the only way from one to the other.
 * @throws InputError as `completeSettings`
 */
export function resolveConfig(
  ...[model, task, given, tuned, catalogue]: Parameters<typeof completeSettings>
): JobConfig {
  return jobConfig(completeSettings(model, task, given, tuned, catalogue), catalogue);
}

/**
 * Fills what was left out, from the preset of the model or the task and the paper's defaults. Complete settings come
 * back as they are.
 * @param tuned space or method of the structure that is tuned, where one is given
 * @throws InputError for a key there is not, a value it cannot have, and keys that contradict each other
 */
export function completeSettings(
  model: Pick<Model, 'name' | 'learningRate'>,
  task: Pick<Task, 'name' | 'presets' | 'maxSourceLength'>,
  given: Settings,
  tuned?: string,
  catalogue: Catalogue = builtIn,
): ResolvedSettings {
  checkArgument('settings', z.looseObject({}, { error: 'settings by their keys, for example `{ epochs: 2 }`' }), given);
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = withPaperValues(
    parseSettings(said, key => key, catalogue),
    catalogue,
  );
  const own = choosePreset(model.name, { ...task.presets, maxLength: task.maxSourceLength }, parsed.preset);
  // Who asks for the paper's sizes gets its rate, too.
  const suited = parsed.preset === 'paper' ? undefined : model.learningRate;
  const preset = { ...(suited !== undefined && { learningRate: suited }), ...own };
  return resolveSettings({ model: model.name, task: task.name, ...parsed }, preset, tuned, catalogue);
}
