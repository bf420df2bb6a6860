import { stageMemory } from '../../src/api/plan/stage-memory.ts';
import { ARRAYS } from '../../src/api/plan/stage-plan.ts';
import { sizeOf } from '../../src/api/plan/workload.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import type { Model } from '../../src/models/model.ts';
import { productFlops } from '../../src/runtime/flops.ts';
import type { BatchSize, ProgramGraphs } from '../../src/runtime/program.ts';
import type { DeltaModule } from '../../src/structure/module.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { type PartLimits, splitBatch } from '../../src/training/split-batch.ts';
import { paddedBatch } from '../batch.ts';
import { ROWS, type SearchWork, SOURCE, TARGET } from '../scenarios.ts';
import type { Point } from './axes.ts';
import { modulesAt } from './point.ts';

/** What is known of a point before anything runs. */
export interface Counted {
  readonly modules: number;
  /** Nodes of the graph. */
  readonly nodes: number;
  /** Runs of the graph that the batch is split into. */
  readonly runs: number;
  /** Operations of the matrix products. */
  readonly flops: number;
}

export function countPoint(model: Model, point: Point): Counted {
  const modules = modulesAt(model, point);
  const graphs = model.graphs(modules);
  const sizes = runSizes(point.batch, point.length, graphs);
  return {
    modules: modules.length,
    nodes: neededNodes(graphs.training).length,
    runs: sizes.length,
    flops: sizes.reduce((sum, size) => sum + productFlops(graphs.training, graphs.extents(size)), 0),
  };
}

/** Planned peak memory of a process that takes second-order search steps over the mixed space and validates nothing. */
export function plannedSearchBytes(model: Model, work: SearchWork, processBytes: number): number {
  const { batch = ROWS, length = SOURCE, microBatch, prepack, recompute } = work;
  const modules: DeltaModule[] = listSpace(model.sites, 'mixed');
  const graphs = model.graphs(modules, { ...(recompute !== undefined && { recompute }) });
  const sizes = runSizes(batch, length, graphs, microBatch);
  const { peakBytes, generationBytes } = stageMemory(
    graphs,
    { training: sizes.map(size => ({ size, count: 1, batch: [] })), generation: [] },
    {
      ...(prepack !== undefined && { prepack }),
      ...{ curvature: false, processBytes, deltaSize: layoutOf(modules).size, arrays: ARRAYS.search.second },
    },
  );
  return peakBytes - generationBytes;
}

function runSizes(batch: number, length: number, { tokensPerRun }: ProgramGraphs, size?: number): BatchSize[] {
  const limits: PartLimits = { tokensPerRun, ...(size !== undefined && { size }) };
  return splitBatch(paddedBatch(batch, length, TARGET), limits).map(sizeOf);
}
