import { existsSync } from 'node:fs';
import { formatConfigFile, readConfigFile } from '../config/config-file.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { SettingKey, Settings } from '../config/settings.ts';
import { InputError } from '../errors.ts';
import { removeUnfinished, writeFileWhole } from '../files/write-file-whole.ts';
import { repairMetrics } from '../runs/metrics-log.ts';
import { createRunFolder, type RunFolder, requireFreshFolder } from '../runs/run-folder.ts';
import { provenance } from './provenance.ts';

/** Keys that say how a run computes, not what: they may change when it is resumed. */
const changeable: readonly SettingKey[] = ['threads', 'device', 'out'];

/**
 * The settings to go on with: those given, or, when resuming a run, those it was begun with. Touches no file.
 * @throws InputError where the folder holds another run, or the resumed run was begun with other settings
 */
export function settingsOfRun(given: Settings, folder: RunFolder, resume: boolean): Settings {
  if (!resume) {
    requireFreshFolder(folder);
    return given;
  }
  // Nothing was written yet when the run was stopped: begin it.
  if (!existsSync(folder.config)) return given;
  const begun = readConfigFile(folder.config);
  for (const key of Object.keys(given) as SettingKey[]) {
    if (changeable.includes(key) || given[key] === begun[key]) continue;
    throw new InputError(`the run was begun with \`${key}\` ${begun[key] ?? 'unset'}, not ${given[key]}`, {
      where: folder.config,
      remedy: `leave --${key} out to resume it, or begin another run with another --out`,
    });
  }
  return { ...begun, ...given };
}

/** Writes the folder and its config.yaml: from here on the run exists. A resumed run's metrics are made whole. */
export async function beginRun(folder: RunFolder, settings: ResolvedSettings): Promise<void> {
  createRunFolder(folder);
  for (const path of [folder.path, folder.checkpoint]) await removeUnfinished(path);
  if (existsSync(folder.config)) await repairMetrics(folder.metrics);
  else await writeFileWhole(folder.config, formatConfigFile(settings, provenance(), folder.config));
}
