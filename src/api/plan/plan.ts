import type { ResolvedSettings } from '../../config/resolve.ts';
import type { Model } from '../../models/model.ts';
import type { DeltaModule } from '../../structure/module.ts';
import { randomStructure } from '../../structure/random-structure.ts';
import { machineMemory } from '../doctor/resources.ts';
import type { EncodedTask } from '../encode-task.ts';
import { asInterrupted } from '../interrupted.ts';
import { completeSettings, type StageSettings } from '../stage-settings.ts';
import { openSpace } from '../structures.ts';
import {
  type BudgetUnits,
  budgetUnits,
  type CandidateGroup,
  groupCandidates,
  type ModulesThatFit,
  modulesThatFit,
} from './candidates.ts';
import { cutSources, type Lever, leverKinds } from './levers.ts';
import type { StageMemory } from './stage-memory.ts';
import { draftStage, type PlannedStage, type StageDraft } from './stage-plan.ts';
import { generationSeconds, type ProgramTiming, timeProgram, workSeconds } from './timing.ts';
import { generationRuns } from './workload.ts';

export interface StagePlan extends StageMemory {
  readonly stage: PlannedStage;
  readonly steps: number;
  /** Loss-and-gradient evaluations, a micro-batched one counted once. */
  readonly evaluations: number;
  /** Passes over the validation set. */
  readonly validations: number;
  /** Expected wall-clock time, validation included; null where no step was timed. */
  readonly seconds: number | null;
}

/** What a search would do, need and take. `plan --json` prints it: fields are added, never renamed. */
export interface Plan {
  readonly task: string;
  readonly model: string;
  readonly seed: number;
  readonly space: string;
  readonly backboneParameters: number;
  /** Number of candidate modules. */
  readonly candidates: number;
  /** Trainable parameters of all candidates together, which is what the search trains. */
  readonly parameters: number;
  readonly budget: BudgetUnits;
  readonly groups: readonly CandidateGroup[];
  readonly modulesThatFit: ModulesThatFit;
  readonly stages: readonly StagePlan[];
  /** Largest resident memory of the process over all stages. */
  readonly peakBytes: number;
  /** Wall-clock time of the whole job, testing included; null where no step was timed. */
  readonly seconds: number | null;
  readonly memory: {
    /** What the job may use: this machine's memory, or what was given. */
    readonly limitBytes: number;
    readonly fits: boolean;
  };
  /** Where the job does not fit: changes of settings that need less, and what they cost. */
  readonly levers: readonly Lever[];
}

export interface PlanOptions {
  /** Memory that the job may use (default: all of this machine's, or of its container). */
  readonly memoryBytes?: number;
  /** Whether to time a few steps; without it the plan says nothing of time and starts no session. Default true. */
  readonly timing?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Plans a search and the re-training of what it keeps. Memory is computed from the graphs that would run; time is
 * extrapolated from a few timed steps over the batches that would be drawn. What the search will keep is not known yet,
 * so a random structure of the same budget stands for it.
 *
 * @throws InputError for wrong settings, a budget that holds no module, and too little training data
 * @throws InterruptedError where the signal has aborted
 */
export function planSearch(
  model: Model,
  data: EncodedTask,
  given: StageSettings = {},
  options: PlanOptions = {},
): Promise<Plan> {
  return asInterrupted(options.signal, async () => {
    const settings = completeSettings(model, data.task, given);
    const processBytes = process.memoryUsage.rss();
    const limitBytes = options.memoryBytes ?? machineMemory();
    const { candidates, budget } = openSpace(model, settings);
    const keepInert = settings['keep-inert'];
    const planned: Planned = { model, settings, processBytes, modules: stageModules(candidates, budget, settings) };

    const drafts = draftStages(planned, data);
    const peakBytes = largestPeak(drafts);
    const timings = options.timing === false ? undefined : await timeStages(planned, drafts, data, limitBytes, options);
    const fits = peakBytes <= limitBytes;
    return {
      task: data.task.name,
      model: model.name,
      seed: settings.seed,
      space: settings.space,
      backboneParameters: model.parameters,
      candidates: candidates.length,
      parameters: candidates.reduce((sum, { parameters }) => sum + parameters, 0),
      budget: budgetUnits(budget, model.parameters),
      groups: groupCandidates(candidates),
      modulesThatFit: modulesThatFit(candidates, { budget, keepInert }),
      stages: drafts.map(draft => ({
        stage: draft.stage,
        steps: draft.work.steps,
        evaluations: draft.work.evaluations,
        validations: draft.work.validations,
        ...draft.memory,
        seconds: timings ? workSeconds(timings.get(draft.stage)!, draft.graphs, draft.work) : null,
      })),
      peakBytes,
      seconds: totalSeconds(drafts, timings, data),
      memory: { limitBytes, fits },
      levers: fits ? [] : pullLevers(planned, data, timings, limitBytes),
    };
  });
}

interface Planned {
  readonly model: Model;
  readonly settings: ResolvedSettings;
  readonly processBytes: number;
  readonly modules: ReadonlyMap<PlannedStage, readonly DeltaModule[]>;
}

type Timings = ReadonlyMap<PlannedStage, ProgramTiming>;

/** What each stage trains: all candidates, then a random structure in place of the one not yet found. */
function stageModules(
  candidates: readonly DeltaModule[],
  budget: number,
  { seed, retrain, 'keep-inert': keepInert }: ResolvedSettings,
): Map<PlannedStage, readonly DeltaModule[]> {
  const kept = randomStructure(candidates, { budget, keepInert, seed });
  return new Map<PlannedStage, readonly DeltaModule[]>([
    ['search', candidates],
    ...(retrain ? [['retrain', candidates.filter((_, i) => kept[i])] as const] : []),
  ]);
}

function draftStages(
  { modules, ...context }: Planned,
  data: EncodedTask,
  changes: Partial<ResolvedSettings> = {},
): StageDraft[] {
  const settings = { ...context.settings, ...changes };
  return [...modules].map(([stage, own]) => draftStage(stage, own, { ...context, data, settings }));
}

const largestPeak = (drafts: readonly StageDraft[]): number =>
  Math.max(...drafts.map(({ memory }) => memory.peakBytes));

async function timeStages(
  { model, settings }: Planned,
  drafts: readonly StageDraft[],
  data: EncodedTask,
  limitBytes: number,
  { signal }: PlanOptions,
): Promise<Timings> {
  // Half the activations at half the rows: enough to stay below the limit while timing.
  const share = Math.min(1, limitBytes / largestPeak(drafts));
  const mostRows = Math.max(1, Math.floor((settings['micro-batch'] ?? settings['batch-size']) * share ** 2));
  const timings = new Map<PlannedStage, ProgramTiming>();
  for (const { stage, modules, graphs, work } of drafts) {
    const program = await model.compile(modules);
    try {
      const { maxTokens } = data.scoring;
      timings.set(stage, await timeProgram(program, graphs, work, { maxTokens, mostRows, signal }));
    } finally {
      await program.release();
    }
  }
  return timings;
}

/** The stages, and the scoring of the test set by the last one. */
function totalSeconds(drafts: readonly StageDraft[], timings: Timings | undefined, data: EncodedTask): number | null {
  if (!timings) return null;
  const stages = drafts.reduce(
    (sum, { stage, graphs, work }) => sum + workSeconds(timings.get(stage)!, graphs, work),
    0,
  );
  const retrain = drafts.find(({ stage }) => stage === 'retrain');
  if (!retrain) return stages;
  return stages + generationSeconds(timings.get('retrain')!, retrain.graphs, generationRuns(data.test, data));
}

/** Each kind of lever as far as it must be pulled. */
function pullLevers(planned: Planned, data: EncodedTask, timings: Timings | undefined, limitBytes: number): Lever[] {
  return leverKinds(planned.settings).flatMap(({ attempts, changes }): Lever[] => {
    let pulled: Lever | undefined;
    for (const settings of attempts) {
      const length = settings['max-length'];
      const shown = length === undefined ? data : cutSources(data, length);
      const drafts = draftStages(planned, shown, settings);
      const peakBytes = largestPeak(drafts);
      const fits = peakBytes <= limitBytes;
      const seconds = totalSeconds(drafts, timings, shown);
      pulled = { settings, peakBytes, seconds, fits, ...(changes !== undefined && { changes }) };
      if (fits) break;
    }
    return pulled ? [pulled] : [];
  });
}
