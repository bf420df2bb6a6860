import { builtIn, type WithCatalogue } from '../catalogue/catalogue.ts';
import { compileSettings, resolveConfig, type StageSettings } from '../config/job-config.ts';
import { bytes } from '../core/format.ts';
import type { DeltaModule, Role } from '../core/site.ts';
import { headSize } from '../deltas/layout.ts';
import { type Holding, holdingsOf } from '../export/formats.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { resolveSearch } from '../library/search-structure.ts';
import { machineMemory } from '../machine/checks.ts';
import { memoryLimits } from '../machine/memory-limits.ts';
import type { Model } from '../models/model.ts';
import { fillBudget } from '../structure/budget.ts';
import { type MemoryOption, memoryOptions } from './memory-options.ts';
import {
  draftStages,
  largestPeak,
  type PlannedJob,
  type PlannedStage,
  type StageMemory,
  timeStages,
  totalSeconds,
} from './stage-plan.ts';
import { workSeconds } from './timing.ts';

/** What one stage of a job will take. */
export interface StagePlan extends StageMemory {
  readonly stage: PlannedStage;
  /** How often it is done: a training twice where a random structure is trained too. All else is of once. */
  readonly times: number;
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
  /** Parameters of the model's heads, trained beside them and outside the budget; absent where there are none. */
  readonly head?: number;
  readonly budget: BudgetUnits;
  readonly groups: readonly CandidateGroup[];
  /** What each form of export can hold of the candidates. */
  readonly exports: readonly Holding[];
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
  readonly levers: readonly MemoryOption[];
}

/** What a plan may measure, and what it holds the need against. */
export interface PlanOptions extends WithCatalogue {
  /** Memory that the job may use (default: all of this machine's, or of its container). */
  readonly memoryBytes?: number;
  /** Whether to time a few steps; without it the plan says nothing of time and starts no session. Default true. */
  readonly timing?: boolean;
  readonly signal?: AbortSignal;
  /** Told in a sentence where no step is timed, as this machine has too little memory free for one. */
  readonly tell?: (text: string) => void;
}

/**
 * Plans a search and the tuning of what it keeps. Memory is computed from the graphs that would run; time is
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
    const config = resolveConfig(model, data.task, given, undefined, options.catalogue);
    const search = resolveSearch(model, config, options.catalogue);
    const { settings, encoding, tunings } = config;
    const compile = compileSettings({ ...settings, device: 'cpu' });
    return planJob({ model, data, search, compile, encoding, tunings }, options);
  });
}

/** The same of a job in values. */
export function planJob(resolved: Omit<PlannedJob, 'processBytes'>, options: PlanOptions = {}): Promise<Plan> {
  return asInterrupted(options.signal, async () => {
    const job = { ...resolved, processBytes: process.memoryUsage.rss() };
    const { model, data, search } = job;
    const { name, candidates, budget, keepInert } = search.space;
    const limitBytes = options.memoryBytes ?? machineMemory();

    const drafts = draftStages(job);
    const peakBytes = largestPeak(job, drafts);
    const { compile } = model;
    const isTimed = compile !== undefined && options.timing !== false && canTime(job, peakBytes, options.tell);
    const timings = isTimed ? await timeStages(job, drafts, compile, options.signal) : undefined;
    const fits = peakBytes <= limitBytes;
    return {
      task: data.task.name,
      model: model.name,
      seed: search.stage.seed,
      space: name,
      backboneParameters: model.parameters,
      candidates: candidates.length,
      parameters: candidates.reduce((sum, { parameters }) => sum + parameters, 0),
      ...(model.heads.length > 0 && { head: headSize(model.heads) }),
      budget: budgetUnits(budget, model.parameters),
      groups: groupCandidates(candidates),
      exports: holdingsOf(candidates, (options.catalogue ?? builtIn).exporters),
      modulesThatFit: modulesThatFit(candidates, { budget, keepInert }),
      stages: drafts.map(draft => ({
        stage: draft.stage,
        times: draft.stage === 'retrain' ? job.tunings : 1,
        steps: draft.work.steps,
        evaluations: draft.work.evaluations,
        validations: draft.work.validations,
        ...draft.memory,
        seconds: timings ? workSeconds(timings.get(draft.stage)!, draft.graphs, draft.work) : null,
      })),
      peakBytes,
      seconds: totalSeconds(job, drafts, timings),
      memory: { limitBytes, fits },
      levers: fits ? [] : await memoryOptions(job, timings, limitBytes),
    };
  });
}

/** Whether a step of a row at least fits into what is left here: a plan must not be killed for what it plans. */
function canTime(job: PlannedJob, peakBytes: number, tell: PlanOptions['tell']): boolean {
  const [limit] = memoryLimits();
  const room = job.processBytes + (limit?.leftBytes ?? Number.POSITIVE_INFINITY);
  if (peakBytes <= room) return true;
  const { search } = job;
  const ofOneRow = {
    ...job,
    search: { ...search, stage: { ...search.stage, microBatch: 1 }, tuning: { ...search.tuning, microBatch: 1 } },
  };
  if (largestPeak(ofOneRow, draftStages(ofOneRow)) <= room) return true;
  tell?.(`no step is timed: ${limit!.name} leaves ${bytes(limit!.leftBytes)}, too little for one`);
  return false;
}

/** Candidates of one kind at sites of one role, in all layers. */
export interface CandidateGroup {
  readonly kind: string;
  readonly role: Role;
  /** The first of them, to name the role as its family does. */
  readonly site: string;
  readonly candidates: number;
  /** Trainable parameters of each. */
  readonly parameters: number;
  /** Whether these modules cannot change the output (a bias on key projections): none is kept unless asked for. */
  readonly inert: boolean;
}

/** A budget of trainable parameters in all units that people write it in. */
export interface BudgetUnits {
  readonly parameters: number;
  /** Of the backbone's parameters. */
  readonly fraction: number;
  readonly percent: number;
  /** ‱, the paper's unit. */
  readonly perTenThousand: number;
}

/** How many modules a structure within the budget can have, filled up with the dearest first, or with the cheapest. */
export interface ModulesThatFit {
  readonly fewest: number;
  readonly most: number;
}

export function groupCandidates(modules: readonly DeltaModule[]): CandidateGroup[] {
  const groups = Map.groupBy(modules, ({ kind, site, parameters, inert }) =>
    [kind, site.role, parameters, inert].join(' '),
  );
  return [...groups.values()].map(members => {
    const [{ kind, site, parameters, inert }] = members as [DeltaModule];
    return { kind, role: site.role, site: site.name, candidates: members.length, parameters, inert };
  });
}

export function budgetUnits(parameters: number, backboneParameters: number): BudgetUnits {
  const fraction = parameters / backboneParameters;
  return { parameters, fraction, percent: 100 * fraction, perTenThousand: 1e4 * fraction };
}

export function modulesThatFit(
  modules: readonly DeltaModule[],
  options: { readonly budget: number; readonly keepInert: boolean },
): ModulesThatFit {
  const cheapestFirst = modules.map((_, i) => i).sort((a, b) => modules[a]!.parameters - modules[b]!.parameters);
  const countKept = (order: readonly number[]) => fillBudget(order, modules, options).filter(Boolean).length;
  return { fewest: countKept(cheapestFirst.toReversed()), most: countKept(cheapestFirst) };
}
