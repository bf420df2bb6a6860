import { InputError } from '../core/errors.ts';
import { inputLength } from '../core/program.ts';
import { memoryLimits } from '../machine/memory-limits.ts';
import { memoryOptions, requireMemory, surelyFits, tuningOptions } from '../plan/memory-options.ts';
import { draftStages, largestPeak } from '../plan/planned-job.ts';
import { draftTuning } from '../plan/stage-plan.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { JobContext } from './job-events.ts';
import type { Prepared, ResolvedSearchJob } from './prepare.ts';
import type { Trial } from './trials.ts';

/** Whether a job needs no closer look: what another device holds is not known beforehand. */
function isSafe({ model, data, compile, tuning }: Prepared): boolean {
  if (compile.device !== undefined && compile.device !== 'cpu') return true;
  const longest = data.train.reduce((most, { input }) => Math.max(most, inputLength(input)), 1);
  return surelyFits(model, (tuning.microBatch ?? tuning.batchSize) * longest);
}

/** Tells or throws as `requireMemory`. */
export async function requireMemoryToSearch(job: Prepared & ResolvedSearchJob, { onEvent }: JobContext): Promise<void> {
  if (isSafe(job)) return;
  const processBytes = process.memoryUsage.rss();
  const planned = { ...job, processBytes };
  const need = { peakBytes: largestPeak(planned, draftStages(planned)), processBytes };
  const warning = await requireMemory(need, limit => memoryOptions(planned, undefined, limit));
  if (warning !== undefined) onEvent?.({ type: 'warning', text: warning });
}

/** The same of the trial that trains most. */
export async function requireMemoryToTune(
  job: Prepared & { readonly trials: readonly Trial[] },
  { onEvent }: JobContext,
): Promise<void> {
  if (isSafe(job)) return;
  const processBytes = process.memoryUsage.rss();
  const drafts = job.trials.map(({ structure, tuning }) => {
    const modules = keptModules(structure, job.model, undefined, job.catalogue);
    return { modules, tuning, parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0) };
  });
  const largest = drafts.reduce((most, next) => (next.parameters > most.parameters ? next : most));
  const tuned = { ...job, ...largest, processBytes };
  const need = { peakBytes: draftTuning(tuned).memory.peakBytes, processBytes };
  const warning = await requireMemory(need, limit => tuningOptions(tuned, limit));
  if (warning !== undefined) onEvent?.({ type: 'warning', text: warning });
}

/**
 * What the runtime's word for too little memory means to a user. A limit of the address space is met long before the
 * memory that is held: the runtime reserves far more than it uses.
 * @param rows that go through the model at once
 */
export function withMemoryRemedy(error: unknown, rows: number) {
  if (!(error instanceof InputError) || error.code !== 'not-enough-memory' || error.where !== undefined) return error;
  const space = memoryLimits().find(({ raise }) => raise !== undefined);
  const half = Math.max(1, Math.floor(rows / 2));
  const smaller = `add --micro-batch ${half}, --recompute or --precision int8 (\`s3delta plan\` says what each needs)`;
  const remedy = space === undefined ? smaller : `${space.raise}, or ${smaller}`;
  const what = space === undefined ? error.what : `${error.what}: ${space.name} is reached`;
  return new InputError(what, { code: error.code, where: 'memory', remedy, cause: error });
}
