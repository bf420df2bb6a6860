import type { Settings } from '../config/settings.ts';
import { chooseAdapterFiles, readPeftAdapter } from '../export/peft-import.ts';
import { isThere } from '../files/regular-file.ts';
import { parseRepository } from '../hub/connection.ts';
import { fetchSnapshot } from '../hub/snapshot.ts';
import { writeDelta } from '../library/delta-file.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { type RunFolder, runFolder } from '../runs/run-folder.ts';
import { keptModules, type Structure, writeStructure } from '../structure/structure-file.ts';
import { downloadMessages } from './job-events.ts';
import { inRunFolder, settingsOfRun } from './open-run.ts';
import { prepare } from './prepare.ts';
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
 * and exported, and its structure be trained anew.
 * @param adapter a folder that PEFT has saved, or `org/name` on the Hub
 * @throws InputError where the folder to write holds something, and as `readPeftAdapter`
 */
export function runImportJob(adapter: string, given: Settings, options: JobOptions): Promise<ImportOutcome> {
  return asInterrupted(options.signal, async () => {
    const folder = runFolder(options.out);
    const begun = settingsOfRun(given, folder, false, options.catalogue);
    const { config, inputs, model, data, catalogue } = await prepare(begun, options);
    const { structure, delta, doubt } = await readPeftAdapter(await folderOf(adapter, options), model, catalogue);
    if (doubt !== undefined) options.onEvent?.({ type: 'warning', text: doubt });
    return inRunFolder(folder, { settings: config.settings, inputs }, options, async () => {
      await writeStructure(folder.structure, structure);
      const layout = model.layout(keptModules(structure, model, undefined, catalogue));
      await writeDelta(folder.delta, model, layout, delta);
      return { folder, model: model.name, task: data.task.name, structure, parameters: delta.length };
    });
  });
}

/** Where an adapter lies: as it is given, or downloaded. */
async function folderOf(adapter: string, { signal, onEvent }: JobOptions): Promise<string> {
  const repository = isThere(adapter) ? undefined : parseRepository(adapter, 'model');
  if (repository === undefined) return adapter;
  return fetchSnapshot(repository, chooseAdapterFiles, { onDownload: downloadMessages(onEvent), signal });
}
