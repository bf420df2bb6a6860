import type { EncodingOptions } from '../config/job-config.ts';
import type { ResolvedSearch } from '../library/search-structure.ts';
import type { Model, ModelSketch } from '../models/model.ts';
import type { CompileSettings } from '../runtime/session.ts';
import { costStages, draftStage, type PlannedData, type PlannedStage, type StageDraft } from './stage-plan.ts';
import { generationSeconds, type ProgramTiming, timeProgram, workSeconds } from './timing.ts';
import { generationRuns } from './workload.ts';

/** A job before it is run, in values. */
export interface PlannedJob {
  /** Where its weights are not there, no step can be timed. */
  readonly model: ModelSketch & Partial<Pick<Model, 'compile'>>;
  readonly data: PlannedData;
  readonly search: ResolvedSearch;
  readonly compile: CompileSettings;
  /** As the data are encoded. */
  readonly encoding: Pick<EncodingOptions, 'maxLength'>;
  /** Structures to be tuned and tested after the search: what it finds, and a random one beside it; or none. */
  readonly tunings: 0 | 1 | 2;
  /** Resident memory of this process as it is now. */
  readonly processBytes: number;
}

export type Timings = ReadonlyMap<PlannedStage, ProgramTiming>;

export function draftStages(job: PlannedJob): StageDraft[] {
  return costStages(job).map(stage => draftStage(stage, job));
}

/** Of a job whose stages compute nothing, the process as it is. */
export const largestPeak = ({ processBytes }: PlannedJob, drafts: readonly StageDraft[]): number =>
  drafts.reduce((most, { memory }) => Math.max(most, memory.peakBytes), processBytes);

/** Times each stage's program, on fewer rows where what the machine has free would not hold a whole batch. */
export async function timeStages(
  job: PlannedJob,
  drafts: readonly StageDraft[],
  compile: Model['compile'],
  signal: AbortSignal | undefined,
): Promise<Timings> {
  const { data, search } = job;
  const { microBatch, batchSize } = search.stage;
  // Activations grow with the rows and are only a part of it all: the square leaves room.
  const share = Math.min(1, process.availableMemory() / largestPeak(job, drafts));
  const mostRows = Math.max(1, Math.floor((microBatch ?? batchSize) * share ** 2));
  const timings = new Map<PlannedStage, ProgramTiming>();
  for (const { stage, modules, graphs, work } of drafts) {
    const program = await compile(modules);
    try {
      timings.set(
        stage,
        await timeProgram(program, graphs, work, { answers: data.scoring, mostRows, ...(signal && { signal }) }),
      );
    } finally {
      await program.release();
    }
  }
  return timings;
}

/** The stages, and the scoring of the test set after the last one; that one as often as a structure is tuned. */
export function totalSeconds(
  { data, tunings }: PlannedJob,
  drafts: readonly StageDraft[],
  timings: Timings | undefined,
): number | null {
  if (!timings) return null;
  let total = 0;
  for (const { stage, graphs, work } of drafts) {
    const timing = timings.get(stage)!;
    const seconds = workSeconds(timing, graphs, work);
    if (stage === 'search') total += seconds;
    else total += tunings * (seconds + generationSeconds(timing, graphs, generationRuns(data.test, data)));
  }
  return total;
}
