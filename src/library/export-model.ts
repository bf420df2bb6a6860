import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { builtIn, type WithCatalogue } from '../catalogue/catalogue.ts';
import { type EncodingOptions, resolveConfig, type StageSettings } from '../config/job-config.ts';
import { checkArgument } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import {
  describeTask,
  descriptionFile,
  type ExportDescription,
  type ExportedTask,
  hashSmallFiles,
  holdsExport,
  readDescription,
  writeDescription,
} from '../export/description.ts';
import type { Exporter } from '../export/exporter.ts';
import { exporterOf } from '../export/formats.ts';
import { writeFileWhole, writeFolderWhole } from '../files/write-whole.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { TaskDescription } from './encode-task.ts';
import { packageVersion } from './provenance.ts';
import { asInterrupted, type StopContext } from './run-to-end.ts';
import type { TunedStructure } from './tune.ts';

interface Exported extends StopContext, WithCatalogue {
  /** Name of an exporter. */
  readonly format: string;
  /** The folder to write. It may be there where it is empty or holds an earlier export, which is then replaced. */
  readonly out: string;
  /** What was trained for: `s3delta.json` says so beside the model. */
  readonly task: TaskDescription & ExportedTask;
  /** Forms of its weights, of those that the exporter has (default: the usual one). */
  readonly dtypes?: readonly string[];
  /** Texts to be written beside the model, by the names of their files. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Test score, to be noted. */
  readonly score?: ExportDescription['score'];
}

/** What to export, and how it was trained. */
export interface ExportOptions extends Exported {
  /** Those it was trained with; `max-length` and `sentinel` are read. */
  readonly settings?: StageSettings;
}

/** The same with what the settings say in values. */
export interface ExportValues extends Exported {
  /** The model as it was named: the folder or the repository of the checkpoint. */
  readonly source: string;
  /** As the examples were encoded. */
  readonly encoding: Pick<EncodingOptions, 'maxLength' | 'sentinel'>;
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

const exportOptions = z.looseObject(
  {
    format: z.string({ error: 'the name of a form, for example `onnx`' }),
    out: z.string({ error: 'a folder' }),
    task: z.looseObject({ name: z.string({ error: 'a task' }) }, { error: 'a task' }),
  },
  { error: '`{ format, out, task }`' },
);

/**
 * Writes a model with what was trained for it in a form that other programs take.
 * @throws InputError where the form cannot hold the modules, or the folder holds something else, before any file is
 * touched; InterruptedError where the signal has aborted: nothing is left then
 */
export function exportModel(model: Model, tuned: TunedStructure, given: ExportOptions): Promise<ExportOutcome> {
  return asInterrupted(given?.signal, async () => {
    checkArgument('exportModel(model, tuned, options)', exportOptions, given);
    const { settings = {}, ...options } = given;
    const { settings: resolved, encoding } = resolveConfig(model, options.task, settings, undefined, options.catalogue);
    return exportTuned(model, tuned, { ...options, source: resolved.model, encoding });
  });
}

/** The same by options in values. */
export function exportTuned(
  model: Model,
  { structure, delta }: TunedStructure,
  {
    format,
    out,
    task,
    source,
    encoding: { maxLength, sentinel },
    dtypes,
    score,
    beside = {},
    signal,
    catalogue = builtIn,
  }: ExportValues,
): Promise<ExportOutcome> {
  return asInterrupted(signal, async () => {
    const exporter = exporterOf(format, '--format', catalogue.exporters);
    const modules = keptModules(structure, model, undefined, catalogue);
    const codec = model.codec(task, { maxLength, sentinel });
    exporter.check(modules);
    const forms = dtypesOf(format, exporter, dtypes);
    await requireExportFolder(out);
    await writeFolderWhole(out, async folder => {
      const more = await exporter.write({ model, source, modules, delta, task, dtypes: forms }, folder, signal);
      // What stands beside the model is for people, who may write on.
      const sha256 = await hashSmallFiles(folder, filesIn(folder).sort());
      for (const [name, text] of Object.entries(beside)) await writeFileWhole(join(folder, name), text);
      const { name, fingerprint, parameters } = model;
      const files = [...filesIn(folder), descriptionFile].sort();
      await writeDescription(folder, {
        format,
        s3delta: packageVersion(),
        model: { name, fingerprint, parameters },
        trained: { modules: modules.length, parameters: model.layout(modules).size },
        task: describeTask(task, codec, maxLength),
        files,
        sha256,
        ...(score && { score }),
        ...more,
      });
    });
    const files = filesIn(out).sort();
    const bytes = files.reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
    return { format, folder: out, task: task.name, model: model.name, files, bytes };
  });
}

/** @throws InputError where the form cannot be written in one of these */
function dtypesOf(
  format: string,
  { dtypes: known = [] }: Exporter,
  given: readonly string[] | undefined,
): readonly string[] {
  if (given === undefined || given.length === 0) return known.slice(0, 1);
  const other = given.find(dtype => !known.includes(dtype));
  if (other === undefined) return [...new Set(given)];
  throw new InputError(`${format} cannot be written in ${other}`, {
    code: 'unknown-name',
    where: '--dtype',
    remedy: known.length === 0 ? 'leave --dtype out' : `give some of ${known.join(', ')}`,
  });
}

/** Files in a folder and those below it, by their paths in it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
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
  const other = filesIn(path).find(name => !ours.includes(name));
  if (other === undefined) return;
  throw new InputError(`this folder holds something else than an exported model: ${other}`, {
    code: 'folder-in-use',
    where: path,
    remedy: 'give another --out, or empty the folder',
  });
}
