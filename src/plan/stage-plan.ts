import type { DeltaModule } from '../core/delta-module.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { AnswerOptions, ScoredSplit } from '../library/scoring.ts';
import { type ResolvedSearch, searchProblem } from '../library/search-structure.ts';
import type { ModelSketch } from '../models/model.ts';
import type { ProgramGraphs } from '../runtime/program-graphs.ts';
import type { CompileSettings } from '../runtime/session.ts';
import { randomStructure } from '../structure/random-structure.ts';
import type { StageConfig } from '../training/stage.ts';
import { type StageCost, tuneCost } from '../training/stage-cost.ts';
import { type StageMemory, stageMemory } from './planned-memory.ts';
import { stageWorkload, type Workload } from './workload.ts';

export type PlannedStage = 'search' | 'retrain';

/** A stage before it is drafted: its sizes and what it computes. */
export interface CostedStage {
  readonly stage: PlannedStage;
  readonly config: StageConfig;
  readonly cost: StageCost;
}

/** What a stage will compute, and the memory that takes. */
export interface StageDraft {
  readonly stage: PlannedStage;
  readonly modules: readonly DeltaModule[];
  readonly graphs: ProgramGraphs;
  readonly work: Workload;
  readonly memory: StageMemory;
}

/** Of a task's data what a plan is made of. */
export interface PlannedData extends Pick<EncodedTask, 'task' | 'train'> {
  readonly validation: Pick<ScoredSplit, 'examples'>;
  readonly test: Pick<ScoredSplit, 'examples'>;
  readonly scoring: AnswerOptions;
}

/** What the stages of a job follow from. */
export interface CostedJob {
  readonly data: Pick<PlannedData, 'train'>;
  readonly search: ResolvedSearch;
  /** Structures to be tuned after the search. */
  readonly tunings: number;
}

/**
 * The stages of a job that compute something: the search, where there is one to be made, and the training of a random
 * structure in place of the one not yet found.
 */
export function costStages({ data, search, tunings }: CostedJob): CostedStage[] {
  const { strategy, options, stage, tuning } = search;
  const problem = searchProblem(search, data.train);
  const { candidates, budget, keepInert } = problem;
  const searchCost = strategy.cost(problem, options);
  const kept = randomStructure(candidates, { budget, keepInert, seed: tuning.seed });
  const drawn = candidates.filter((_, i) => kept[i]);
  return [
    ...(searchCost ? [{ stage: 'search' as const, config: stage, cost: searchCost }] : []),
    ...(tunings > 0 ? [{ stage: 'retrain' as const, config: tuning, cost: tuneCost(drawn, data.train, tuning) }] : []),
  ];
}

/** What a draft is made for. */
interface DraftContext {
  readonly model: Pick<ModelSketch, 'graphs' | 'layout'>;
  readonly data: PlannedData;
  readonly compile: CompileSettings;
  /** Resident memory of this process as it is now. */
  readonly processBytes: number;
}

/** The training of modules that are given. */
export interface PlannedTuning extends DraftContext {
  readonly modules: readonly DeltaModule[];
  readonly tuning: StageConfig;
}

export function draftTuning({ modules, tuning, ...context }: PlannedTuning): StageDraft {
  const cost = tuneCost(modules, context.data.train, tuning);
  return draftStage({ stage: 'retrain', config: tuning, cost }, context);
}

/** Plans a stage's work and memory without starting anything. */
export function draftStage({ stage, config, cost }: CostedStage, context: DraftContext): StageDraft {
  const { model, data, compile, processBytes } = context;
  const { modules, arrays, curvature } = cost;
  // The memory planned is the processor's, wherever the job computes.
  const compiled: CompileSettings = { ...compile, device: 'cpu' };
  const graphs = model.graphs(modules, compiled);
  const work = stageWorkload(data, config, cost, graphs.tokensPerRun);
  const answering = { answers: data.scoring.answers, deltaSize: model.layout(modules).size };
  const memory = stageMemory(graphs, work, { ...compiled, ...answering, processBytes, curvature, arrays });
  return { stage, modules, graphs, work, memory };
}
