import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { builtIn, type WithCatalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import {
  descriptionFile,
  type ExportDescription,
  holdsExport,
  readDescription,
  writeDescription,
} from '../export/description.ts';
import { describeTask, type ExportedTask } from '../export/exported-task.ts';
import { exporterOf } from '../export/formats.ts';
import { writeFolderWhole } from '../files/write-folder-whole.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { TaskDescription } from './encode-task.ts';
import type { StopContext } from './evaluate.ts';
import { asInterrupted } from './interrupted.ts';
import { packageVersion } from './provenance.ts';
import { completeSettings, type StageSettings } from './stage-settings.ts';
import type { TunedStructure } from './tune.ts';

export interface ExportOptions extends StopContext, WithCatalogue {
  /** Name of an exporter. */
  readonly format: string;
  /** The folder to write. It may be there where it is empty or holds an earlier export, which is then replaced. */
  readonly out: string;
  /** What was trained for: `s3delta.json` says so beside the model. */
  readonly task: TaskDescription & ExportedTask;
  /** Those it was trained with; `max-length` and `sentinel` are read. */
  readonly settings?: StageSettings;
  /** Test score, to be noted. */
  readonly score?: ExportDescription['score'];
}

/** An exported model: its folder, the files in it, and their size. */
export interface ExportOutcome {
  readonly format: string;
  readonly folder: string;
  readonly task: string;
  readonly model: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Writes a model with what was trained for it in a form that other programs take.
 * @throws InputError where the form cannot hold the modules, or the folder holds something else, before any file is touched;
 * InterruptedError where the signal has aborted: nothing is left then
 */
export function exportModel(
  model: Model,
  { structure, delta }: TunedStructure,
  { format, out, task, settings = {}, score, signal, catalogue = builtIn }: ExportOptions,
): Promise<ExportOutcome> {
  return asInterrupted(signal, async () => {
    const exporter = exporterOf(format, '--format', catalogue.exporters);
    const modules = keptModules(structure, model, undefined, catalogue);
    const {
      model: source,
      'max-length': maxLength,
      sentinel,
    } = completeSettings(model, task, settings, undefined, catalogue);
    const codec = model.codec(task, { maxLength, sentinel });
    exporter.check(modules, model.heads);
    await requireExportFolder(out);
    await writeFolderWhole(out, async folder => {
      const more = await exporter.write({ model, source, modules, delta }, folder, signal);
      const { name, fingerprint, parameters } = model;
      const files = [...readdirSync(folder), descriptionFile].sort();
      await writeDescription(folder, {
        format,
        s3delta: packageVersion(),
        model: { name, fingerprint, parameters },
        trained: { modules: modules.length, parameters: model.layout(modules).size },
        task: describeTask(task, codec, maxLength),
        files,
        ...(score && { score }),
        ...more,
      });
    });
    const files = readdirSync(out).sort();
    const bytes = files.reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
    return { format, folder: out, task: task.name, model: model.name, files, bytes };
  });
}

/** @throws InputError where something else would be overwritten */
async function requireExportFolder(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    throw new InputError('this is a file, an export needs a folder', {
      code: 'not-a-folder',
      where: path,
      remedy: 'give another --out',
    });
  }
  const ours = holdsExport(path) ? (await readDescription(path)).files : [];
  const other = readdirSync(path).find(name => !ours.includes(name));
  if (other === undefined) return;
  throw new InputError(`this folder holds something else than an exported model: ${other}`, {
    code: 'folder-in-use',
    where: path,
    remedy: 'give another --out, or empty the folder',
  });
}
