import { availableParallelism } from 'node:os';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { SweepSettings } from '../config/experiment-settings.ts';
import type { Tell } from '../jobs/loaders.ts';
import { type CompareOptions, concludeComparison, runPlan } from './compare-methods.ts';
import type { Comparison } from './comparison-job.ts';
import type { ExperimentEvent } from './events.ts';
import { inChild } from './executors/child-processes.ts';
import { listCells } from './list-cells.ts';
import { sharedLoaders } from './shared-loaders.ts';

/**
 * The same runs as `compare`, spread over child processes: `processes` of them, the threads divided among them
 * unless `threads` says how many each has. A run that fails, or whose process dies, does not stop the others.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted: every child saves its run; the same call goes on
 */
export function sweep(given: SweepSettings, options: CompareOptions): AsyncGenerator<ExperimentEvent, Comparison> {
  const cores = availableParallelism();
  const { processes = Math.max(1, Math.floor(cores / 2)), ...settings } = given;
  const threads = settings.threads ?? Math.max(1, Math.floor(cores / processes));
  const loaders = sharedLoaders();
  const plan = (tell: Tell, catalogue: Catalogue) =>
    listCells({ ...settings, threads }, options.out, loaders, tell, catalogue);
  return runPlan(
    {
      ...{ plugins: given.plugins, loaders, plan, conclude: concludeComparison },
      executors: () => Array.from({ length: processes }, inChild),
    },
    options,
  );
}
