import type { DeltaModule } from '../../src/core/site.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import type { SessionSettings } from '../../src/runtime/session.ts';
import type { BiLevelOrder } from '../../src/search/strategies/bilevel/step-orders.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { withMicroBatches } from '../../src/training/step-batches.ts';
import { paddedBatch } from '../batch.ts';
import { type Scenario, type SearchWork, search, TARGET } from '../scenarios.ts';
import { type Point, spread } from './axes.ts';

/** What is attached at a point. */
export const modulesAt = (model: Model, { modules }: Point): DeltaModule[] =>
  spread(listSpace(model.sites, 'mixed'), modules);

/** One loss with its gradients at a point, which is given as JSON: what a search step does five times. */
export async function prepareCostPoint(folder: string, settings: SessionSettings, json = ''): Promise<Scenario> {
  const point = JSON.parse(json) as Point;
  const model = await loadModel(folder, settings);
  const modules = modulesAt(model, point);
  const compiled = await model.compile(modules);
  const program = withMicroBatches(compiled);
  const delta = compiled.initialDelta(0);
  const gates = new Float32Array(modules.length).fill(0.5);
  const rows = paddedBatch(point.batch, point.length, TARGET);
  return { step: () => program.lossAndGradients(rows, delta, gates) };
}

/** A search step over the mixed space; its order and what differs from the usual step are given as JSON. */
export function prepareSearchWork(folder: string, settings: SessionSettings, json = ''): Promise<Scenario> {
  const { order, ...work } = JSON.parse(json) as SearchWork & { order: BiLevelOrder };
  return search(order, work)(folder, settings);
}
