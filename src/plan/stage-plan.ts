import { compileSettings } from '../config/job-config.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import type { DeltaModule } from '../core/delta-module.ts';
import type { EncodedTask } from '../library/encode-task.ts';
import type { Model } from '../models/model.ts';
import type { ProgramGraphs } from '../runtime/program-graphs.ts';
import { type StageMemory, stageMemory } from './planned-memory.ts';
import { retrainWorkload, searchWorkload, type Workload } from './workload.ts';

export type PlannedStage = 'search' | 'retrain';

/** What a stage will compute, and the memory that takes. */
export interface StageDraft {
  readonly stage: PlannedStage;
  readonly modules: readonly DeltaModule[];
  readonly graphs: ProgramGraphs;
  readonly work: Workload;
  readonly memory: StageMemory;
}

/**
 * float32 arrays as long as the delta vector that a step holds: w, its two moments, the gradient and z ⊙ w; in the
 * orders above the first also w′ and its moments and w ± εv; in the re-training the best parameters so far.
 */
export const ARRAYS = { search: { first: 5, 'one-sided': 10, second: 10, exact: 10 }, retrain: 5 } as const;

/** Plans a stage's work and memory without starting anything. */
export function draftStage(
  stage: PlannedStage,
  modules: readonly DeltaModule[],
  context: {
    readonly model: Model;
    readonly data: EncodedTask;
    readonly settings: ResolvedSettings;
    readonly processBytes: number;
  },
): StageDraft {
  const { model, data, settings, processBytes } = context;
  // The memory planned is the processor's, wherever the job computes.
  const compiled = compileSettings({ ...settings, device: 'cpu' });
  const graphs = model.graphs(modules, compiled);
  const workOf = stage === 'search' ? searchWorkload : retrainWorkload;
  const work = workOf(data, settings, graphs.tokensPerRun);
  const memory = stageMemory(graphs, work, {
    ...compiled,
    processBytes,
    curvature: stage === 'search' && settings.order === 'exact',
    deltaSize: model.layout(modules).size,
    arrays: stage === 'search' ? ARRAYS.search[settings.order] : ARRAYS.retrain,
  });
  return { stage, modules, graphs, work, memory };
}
