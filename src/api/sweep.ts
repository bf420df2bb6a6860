import { availableParallelism } from 'node:os';
import type { MatrixSettings } from '../config/matrix-settings.ts';
import { type CompareOptions, runPlan } from './compare.ts';
import { inChild } from './matrix/child-executor.ts';
import type { Comparison } from './matrix/comparison.ts';
import type { MatrixEvent } from './matrix/events.ts';
import { planMatrix } from './matrix/plan.ts';
import { sharedLoaders } from './matrix/shared-loaders.ts';

export interface SweepOptions extends CompareOptions {
  /** Runs at a time, each in a process of its own; by default one for two cores. */
  readonly processes?: number;
}

/**
 * The same matrix of runs as `compare`, spread over child processes: `processes` of them, the threads divided among them
 * unless `threads` says how many each has. A run that fails, or whose process dies, does not stop the others.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted: every child saves its run; the same call goes on
 */
export function sweep(
  given: MatrixSettings,
  { processes = Math.max(1, Math.floor(availableParallelism() / 2)), ...options }: SweepOptions,
): AsyncGenerator<MatrixEvent, Comparison> {
  const loaders = sharedLoaders();
  const threads = given.threads ?? Math.max(1, Math.floor(availableParallelism() / processes));
  const plan = () => planMatrix({ ...given, threads }, options.out, loaders);
  return runPlan({ loaders, plan, executors: () => Array.from({ length: processes }, inChild) }, options);
}
