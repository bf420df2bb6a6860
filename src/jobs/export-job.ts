import { join } from 'node:path';
import { compileSettings } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { readDescription } from '../export/description.ts';
import { exporterOf } from '../export/formats.ts';
import { evaluate } from '../library/evaluate.ts';
import { type ExportOutcome, exportTuned } from '../library/export-model.ts';
import { asInterrupted, type StopContext } from '../library/run-to-end.ts';
import { scoreSplit } from '../library/scoring.ts';
import { readResult } from '../runs/result.ts';
import { runFolder } from '../runs/run-folder.ts';
import { prepareTrained } from './evaluate-job.ts';
import type { JobContext } from './job-events.ts';
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

/** The checkpoint's own weights are exported; nothing is computed on the run's device, which may not be here. */
const ownWeights = { device: 'cpu', precision: 'float32' } as const;

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
  const { config, model, task, tuned, catalogue } = await loadTuned(path, { ...changes, ...ownWeights });
  const result = await readResult(runFolder(path).result);
  return exportTuned(model, tuned, {
    ...{ format, out, task, source: source ?? config.settings.model, encoding: config.encoding, catalogue },
    ...(dtypes && { dtypes }),
    ...(beside && { beside }),
    ...(result?.score && { score: { metric: result.score.metric, test: result.score.test } }),
    ...(signal && { signal }),
  });
}

/** What rounded weights cost on the run's own validation rows. `export --json` prints it. */
export interface RoundingLoss {
  readonly metric: string;
  /** Rows that were answered. */
  readonly examples: number;
  /** Score of the run itself, 0 to 100. */
  readonly exact: number;
  /** Scores of the export, by its dtypes. */
  readonly rounded: Readonly<Record<string, number>>;
}

/** Why it is not known, in a sentence. */
export interface NotMeasured {
  readonly unknown: string;
}

/**
 * Answers the run's validation rows by the weights as they were written, in each form that rounds them, and by the run.
 * Writes nothing. Undefined where no form rounds.
 * @param dtypes those that were written
 * @param changes settings that may differ from the run's: other data, more rows
 */
export function measureRounding(
  path: string,
  { format, folder }: Pick<ExportOutcome, 'format' | 'folder'>,
  dtypes: readonly string[],
  changes: Pick<Settings, 'data' | 'max-validation' | 'model' | 'task' | 'plugins'>,
  { signal, catalogue: known }: Pick<JobContext, 'signal' | 'catalogue'> = {},
): Promise<RoundingLoss | NotMeasured | undefined> {
  return asInterrupted(signal, async () => {
    const { open, dtypes: [exact] = [] } = exporterOf(format, '--format', known?.exporters);
    const rounding = dtypes.filter(dtype => dtype !== exact);
    if (rounding.length === 0 || open === undefined) return undefined;
    const asked = { ...changes, ...ownWeights };
    try {
      const prepared = await prepareTrained(path, asked, { signal, catalogue: known });
      const { config, model, data, tuned, catalogue } = prepared;
      const compile = compileSettings({ ...config.settings, device: ownWeights.device });
      const { validation, scoring, task } = data;
      const rounded: Record<string, number> = {};
      for (const dtype of rounding) {
        const program = await open(folder, await readDescription(folder), compile, dtype);
        try {
          const parameters = { delta: new Float32Array(0) };
          rounded[dtype] = await scoreSplit(program, validation, scoring, parameters, signal);
        } finally {
          await program.release();
        }
      }
      return {
        metric: task.metric,
        examples: validation.targets.length,
        exact: await evaluate(model, tuned, data, 'validation', { catalogue, ...(signal && { signal }) }),
        rounded,
      };
    } catch (error) {
      if (error instanceof InputError) return { unknown: error.message };
      throw error;
    }
  });
}
