import { layoutOf } from '../../src/deltas/layout.ts';
import { neededNodes } from '../../src/graph/schedule.ts';
import type { Model } from '../../src/models/model.ts';
import { stageMemory } from '../../src/plan/stage-plan.ts';
import { sizeOf } from '../../src/plan/workload.ts';
import { type BatchSize, type ProgramGraphs, productFlops } from '../../src/runtime/program-graphs.ts';
import { type BiLevelOrder, stepArrays } from '../../src/search/strategies/bilevel/step-orders.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { type PartLimits, splitBatch } from '../../src/training/step-batches.ts';
import { paddedBatch } from '../batch.ts';
import { type MemoryOptions, TARGET } from '../scenarios.ts';
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

/** Planned peak memory of a process at so many rows and source tokens. */
export type PlannedBytes = (batch: number, length: number) => number;

/** Plans processes that take search steps of an order over the mixed space and validate nothing, with some options pulled. */
export function planSearchSteps(
  model: Pick<Model, 'sites' | 'graphs'>,
  order: BiLevelOrder,
  memory: MemoryOptions,
  processBytes: number,
): PlannedBytes {
  const { microBatch, prepack, recompute } = memory;
  const modules = listSpace(model.sites, 'mixed');
  const graphs = model.graphs(modules, { ...(recompute !== undefined && { recompute }) });
  const options = {
    curvature: false,
    answers: 'generate' as const,
    processBytes,
    deltaSize: layoutOf(modules).size,
    arrays: stepArrays[order],
  };
  return (batch, length) => {
    const training = runSizes(batch, length, graphs, microBatch).map(size => ({ size }));
    const { peakBytes, generationBytes } = stageMemory(
      graphs,
      { training, generation: [] },
      { ...options, ...(prepack !== undefined && { prepack }) },
    );
    return peakBytes - generationBytes;
  };
}

function runSizes(batch: number, length: number, { tokensPerRun }: ProgramGraphs, size?: number): BatchSize[] {
  const limits: PartLimits = { tokensPerRun, ...(size !== undefined && { size }) };
  return splitBatch(paddedBatch(batch, length, TARGET), limits).map(sizeOf);
}
