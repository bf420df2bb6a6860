import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireModelAndTask } from '../config/check-settings.ts';
import { compileSettings } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { readPeftAdapter } from '../export/peft-import.ts';
import { writeDelta } from '../library/delta-file.ts';
import { asInterrupted } from '../library/interrupted.ts';
import { completeSettings } from '../library/stage-settings.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { whileHolding } from '../runs/run-lock.ts';
import { keptModules, type Structure, writeStructure } from '../structure/structure-file.ts';
import { downloadMessages } from './job-events.ts';
import { freshLoaders } from './loaders.ts';
import { beginRun, settingsOfRun } from './open-run.ts';
import type { JobOptions } from './run-job.ts';

export interface ImportOutcome {
  readonly folder: RunFolder;
  readonly model: string;
  readonly task: string;
  readonly structure: Structure;
  /** Parameters read, those of heads among them. */
  readonly parameters: number;
}

/**
 * Makes a run folder of an adapter that PEFT has trained, as if it had been trained here: it can be evaluated, asked
 * and exported, and its structure be trained anew. Computes nothing, and reads no data.
 * @param adapter a folder that PEFT has saved
 * @throws InputError where the folder to write holds something, and as `readPeftAdapter`
 */
export function runImportJob(adapter: string, given: Settings, options: JobOptions): Promise<ImportOutcome> {
  return asInterrupted(options.signal, async () => {
    const folder = runFolder(options.out);
    const named = requireModelAndTask(settingsOfRun(given, folder, false, options.catalogue));
    const { loaders = freshLoaders, onEvent, signal, catalogue: known } = options;
    const catalogue = openPlugins(named.plugins, known);
    const task = await loaders.task(named.task, catalogue);
    const placed = { ...named, device: 'cpu' as const };
    const loading = { ...compileSettings(placed), onDownload: downloadMessages(onEvent), signal };
    const model = await (await loaders.model(named.model, { ...loading, families: catalogue.families })).forTask(task);
    const { structure, delta } = await readPeftAdapter(adapter, model);
    const settings = completeSettings(model, task, placed, structure.space, catalogue);
    return whileHolding(folder, async () => {
      await beginRun(folder, settings, options);
      await writeStructure(folder.structure, structure);
      const layout = model.layout(keptModules(structure, model, undefined, catalogue));
      await writeDelta(folder.delta, model, layout, delta);
      return { folder, model: model.name, task: task.name, structure, parameters: delta.length };
    });
  });
}
