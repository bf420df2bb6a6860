import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { type ExportOutcome, exportTuned } from '../library/export-model.ts';
import type { StopContext } from '../library/run-to-end.ts';
import { readResult } from '../runs/result.ts';
import { runFolder } from '../runs/run-folder.ts';
import { loadTuned } from './load-tuned.ts';

export interface ExportJobOptions extends StopContext {
  /** Name of an exporter. */
  readonly format: string;
  /** Forms of its weights, of those that the exporter has (default: the usual one). */
  readonly dtypes?: readonly string[];
  /** What the folder calls the backbone (default: as the run does, which may be a path). */
  readonly source?: string;
  /** Texts to be written beside the model, by the names of their files. */
  readonly beside?: Readonly<Record<string, string>>;
  /** The folder to write (default: one in the run folder, named after the format). */
  readonly out?: string;
}

/**
 * Exports what a run has trained.
 * @param changes where the model or the task's file lie now
 * @throws InputError where the folder holds no trained run, and as `exportTuned`
 */
export async function runExportJob(
  path: string,
  { format, dtypes, source, beside, out = join(path, format), signal }: ExportJobOptions,
  changes: Pick<Settings, 'model' | 'task' | 'plugins'> = {},
): Promise<ExportOutcome> {
  // What is exported are the checkpoint's own weights, and nothing is computed on the run's device, which may not be
  // here.
  const asked = { ...changes, device: 'cpu', precision: 'float32' } as const;
  const { config, model, task, tuned, catalogue } = await loadTuned(path, asked);
  const result = await readResult(runFolder(path).result);
  return exportTuned(model, tuned, {
    ...{ format, out, task, source: source ?? config.settings.model, encoding: config.encoding, catalogue },
    ...(dtypes && { dtypes }),
    ...(beside && { beside }),
    ...(result?.score && { score: { metric: result.score.metric, test: result.score.test } }),
    ...(signal && { signal }),
  });
}
