import { loadModel } from '../../src/models/load.ts';
import type { SessionSettings } from '../../src/runtime/session.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { withMicroBatches } from '../../src/training/micro-batches.ts';
import { paddedBatch } from '../batch.ts';
import { type Scenario, TARGET } from '../scenarios.ts';
import { type Point, spread } from './axes.ts';

/** One loss with its gradients at a point, which is given as JSON: what a search step does five times. */
export async function prepareCostPoint(folder: string, settings: SessionSettings, json = ''): Promise<Scenario> {
  const { batch, length, modules: share } = JSON.parse(json) as Point;
  const model = await loadModel(folder, settings);
  const modules = spread(listSpace(model.sites, 'mixed'), share);
  const compiled = await model.compile(modules);
  const program = withMicroBatches(compiled);
  const delta = compiled.initialDelta(0);
  const gates = new Float32Array(modules.length).fill(0.5);
  const rows = paddedBatch(batch, length, TARGET);
  return { step: () => program.lossAndGradients(rows, delta, gates) };
}
