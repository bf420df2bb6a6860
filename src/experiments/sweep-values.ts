import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { type ExperimentSettings, experimentSchemaFor } from '../config/experiment-settings.ts';
import { parseKeys } from '../config/parse-settings.ts';
import { type CompareOptions, compare } from './compare-methods.ts';
import type { Comparison } from './comparison-job.ts';
import type { ExperimentEvent } from './events.ts';
import type { ExecutorSettings } from './executors/executors.ts';
import { here } from './executors/here.ts';

/** Settings of a sweep: those of a comparison, and how many of its runs are done at a time. */
export type SweepSettings = ExperimentSettings & { readonly processes?: number | undefined };

/**
 * Checks the keys of a sweep.
 * @throws InputError as `parseExperimentSettings`
 */
export function parseSweepSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): SweepSettings {
  const { processes } = here.options.shape;
  return parseKeys(z.strictObject({ ...experimentSchemaFor(catalogue).shape, processes }), values, where);
}

/**
 * The same runs as `compare`, spread over child processes: `processes` of them, the threads divided among them
 * unless `threads` says how many each has. A run that fails, or whose process dies, does not stop the others.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted: every child saves its run; the same call goes on
 */
export function sweep(
  { processes, ...given }: SweepSettings,
  options: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  return compare(given, {
    ...options,
    executor: sweepExecutor({ ...options.executor, ...(processes && { processes }) }),
  });
}

/** Who does the runs of a sweep: where no executor is named, child processes. */
export function sweepExecutor(given: ExecutorSettings): ExecutorSettings {
  if ((given.executor ?? here.name) !== here.name) return given;
  return { processes: Math.max(1, Math.floor(availableParallelism() / 2)), ...given };
}
