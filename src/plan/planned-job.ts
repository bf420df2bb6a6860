import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { Model } from '../models/model.ts';
import { hasExactInt8Products } from '../runtime/probe-int8.ts';
import { cutInputs, type Lever, leverKinds } from './options.ts';
import { costStages, draftStage, type PlannedStage, type StageDraft } from './stage-plan.ts';
import { generationSeconds, type ProgramTiming, timeProgram, workSeconds } from './timing.ts';
import { generationRuns } from './workload.ts';

/** A job before it is run. */
export interface PlannedJob {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly processBytes: number;
  readonly catalogue: Catalogue | undefined;
}

export type Timings = ReadonlyMap<PlannedStage, ProgramTiming>;

export function draftStages(
  context: PlannedJob,
  data: EncodedTask,
  changes: Partial<ResolvedSettings> = {},
): StageDraft[] {
  const settings = { ...context.settings, ...changes };
  return costStages(context.model, data, settings, context.catalogue).map(stage =>
    draftStage(stage, { ...context, data, settings }),
  );
}

/** Of a job whose stages compute nothing, the process as it is. */
export const largestPeak = ({ processBytes }: PlannedJob, drafts: readonly StageDraft[]): number =>
  drafts.reduce((most, { memory }) => Math.max(most, memory.peakBytes), processBytes);

/** Times each stage's program, on fewer rows where what the machine has free would not hold a whole batch. */
export async function timeStages(
  planned: PlannedJob,
  drafts: readonly StageDraft[],
  data: EncodedTask,
  signal: AbortSignal | undefined,
): Promise<Timings> {
  const { model, settings } = planned;
  // Activations grow with the rows and are only a part of it all: the square leaves room.
  const share = Math.min(1, process.availableMemory() / largestPeak(planned, drafts));
  const mostRows = Math.max(1, Math.floor((settings['micro-batch'] ?? settings['batch-size']) * share ** 2));
  const timings = new Map<PlannedStage, ProgramTiming>();
  for (const { stage, modules, graphs, work } of drafts) {
    const program = await model.compile(modules);
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

/** The stages, and the scoring of the test set after the last one; that one twice where a random structure is compared. */
export function totalSeconds(
  { settings }: PlannedJob,
  drafts: readonly StageDraft[],
  timings: Timings | undefined,
  data: EncodedTask,
): number | null {
  if (!timings) return null;
  let total = 0;
  for (const { stage, graphs, work } of drafts) {
    const timing = timings.get(stage)!;
    const seconds = workSeconds(timing, graphs, work);
    if (stage === 'search') total += seconds;
    else {
      const testing = generationSeconds(timing, graphs, generationRuns(data.test, data));
      total += (settings['random-baseline'] ? 2 : 1) * (seconds + testing);
    }
  }
  return total;
}

/** Each kind of lever as far as it must be pulled. */
export async function pullLevers(
  planned: PlannedJob,
  data: EncodedTask,
  timings: Timings | undefined,
  limitBytes: number,
): Promise<Lever[]> {
  const int8 = planned.settings.device === 'cpu' && (await hasExactInt8Products());
  return leverKinds(planned.settings, { int8, catalogue: planned.catalogue }).flatMap(
    ({ attempts, changes }): Lever[] => {
      let pulled: Lever | undefined;
      for (const settings of attempts) {
        const length = settings['max-length'];
        const shown = length === undefined ? data : cutInputs(data, length);
        const drafts = draftStages(planned, shown, settings);
        const peakBytes = largestPeak(planned, drafts);
        const fits = peakBytes <= limitBytes;
        // No step of 8-bit integers was timed.
        const seconds = settings.precision === undefined ? totalSeconds(planned, drafts, timings, shown) : null;
        pulled = { settings, peakBytes, seconds, fits, ...(changes !== undefined && { changes }) };
        if (fits) break;
      }
      return pulled ? [pulled] : [];
    },
  );
}
