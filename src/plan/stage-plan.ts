import type { Catalogue } from '../catalogue/catalogue.ts';
import { compileSettings, retrainStage, searchStage } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { DeltaModule } from '../core/delta-module.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import { prepareSearch } from '../library/search-structure.ts';
import type { Model } from '../models/model.ts';
import type { ProgramGraphs } from '../runtime/program-graphs.ts';
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

/**
 * The stages of a job that compute something: the search, where there is one to be made, and the training of a random structure
 * in place of the one not yet found.
 */
export function costStages(
  model: Pick<Model, 'sites' | 'parameters'>,
  data: Pick<EncodedTask, 'train'>,
  settings: ResolvedSettings,
  catalogue?: Catalogue,
): CostedStage[] {
  const { strategy, options, problem } = prepareSearch(model, data, settings, catalogue);
  const { candidates, budget, keepInert } = problem;
  const [search, retrain] = [searchStage(settings), retrainStage(settings)];
  const searchCost = strategy.cost(problem, options);
  const kept = randomStructure(candidates, { budget, keepInert, seed: settings.seed });
  const drawn = candidates.filter((_, i) => kept[i]);
  return [
    ...(searchCost ? [{ stage: 'search' as const, config: search, cost: searchCost }] : []),
    ...(settings.retrain
      ? [{ stage: 'retrain' as const, config: retrain, cost: tuneCost(drawn, data.train, retrain) }]
      : []),
  ];
}

/** Plans a stage's work and memory without starting anything. */
export function draftStage(
  { stage, config, cost }: CostedStage,
  context: {
    readonly model: Model;
    readonly data: EncodedTask;
    readonly settings: ResolvedSettings;
    readonly processBytes: number;
  },
): StageDraft {
  const { model, data, settings, processBytes } = context;
  const { modules, arrays, curvature } = cost;
  // The memory planned is the processor's, wherever the job computes.
  const compiled = compileSettings({ ...settings, device: 'cpu' });
  const graphs = model.graphs(modules, compiled);
  const work = stageWorkload(data, config, cost, graphs.tokensPerRun);
  const answering = { answers: data.scoring.answers, deltaSize: model.layout(modules).size };
  const memory = stageMemory(graphs, work, { ...compiled, ...answering, processBytes, curvature, arrays });
  return { stage, modules, graphs, work, memory };
}
