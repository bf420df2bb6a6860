import type { ResolvedSettings } from '../config/resolve.ts';
import type { DeltaModule } from '../core/delta-module.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { Model } from '../models/model.ts';
import { hasExactInt8Products } from '../runtime/probe-int8.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { cutInputs, type Lever, leverKinds } from './options.ts';
import { draftStage, type PlannedStage, type StageDraft } from './stage-plan.ts';
import { generationSeconds, type ProgramTiming, timeProgram, workSeconds } from './timing.ts';
import { generationRuns } from './workload.ts';

/** A job before it is run. */
export interface PlannedJob {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly processBytes: number;
  /** What each stage trains. */
  readonly modules: ReadonlyMap<PlannedStage, readonly DeltaModule[]>;
}

export type Timings = ReadonlyMap<PlannedStage, ProgramTiming>;

/**
 * What each stage trains: all candidates, then a random structure in place of the one not yet found. Where the budget
 * holds everything nothing is searched.
 */
export function stageModules(
  candidates: readonly DeltaModule[],
  budget: number,
  { seed, retrain, 'keep-inert': keepInert }: ResolvedSettings,
): Map<PlannedStage, readonly DeltaModule[]> {
  const kept = randomStructure(candidates, { budget, keepInert, seed });
  const isSearched = budget < candidates.reduce((sum, { parameters }) => sum + parameters, 0);
  return new Map<PlannedStage, readonly DeltaModule[]>([
    ...(isSearched ? [['search', candidates] as const] : []),
    ...(retrain ? [['retrain', candidates.filter((_, i) => kept[i])] as const] : []),
  ]);
}

export function draftStages(
  { modules, ...context }: PlannedJob,
  data: EncodedTask,
  changes: Partial<ResolvedSettings> = {},
): StageDraft[] {
  const settings = { ...context.settings, ...changes };
  return [...modules].map(([stage, own]) => draftStage(stage, own, { ...context, data, settings }));
}

export const largestPeak = (drafts: readonly StageDraft[]): number =>
  Math.max(...drafts.map(({ memory }) => memory.peakBytes));

/** Times each stage's program, on fewer rows where what the machine has free would not hold a whole batch. */
export async function timeStages(
  { model, settings }: PlannedJob,
  drafts: readonly StageDraft[],
  data: EncodedTask,
  signal: AbortSignal | undefined,
): Promise<Timings> {
  // Activations grow with the rows and are only a part of it all: the square leaves room.
  const share = Math.min(1, process.availableMemory() / largestPeak(drafts));
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
  return leverKinds(planned.settings, { int8 }).flatMap(({ attempts, changes }): Lever[] => {
    let pulled: Lever | undefined;
    for (const settings of attempts) {
      const length = settings['max-length'];
      const shown = length === undefined ? data : cutInputs(data, length);
      const drafts = draftStages(planned, shown, settings);
      const peakBytes = largestPeak(drafts);
      const fits = peakBytes <= limitBytes;
      // No step of 8-bit integers was timed.
      const seconds = settings.precision === undefined ? totalSeconds(planned, drafts, timings, shown) : null;
      pulled = { settings, peakBytes, seconds, fits, ...(changes !== undefined && { changes }) };
      if (fits) break;
    }
    return pulled ? [pulled] : [];
  });
}
