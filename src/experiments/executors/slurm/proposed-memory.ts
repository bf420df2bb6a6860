import { openPlugins } from '../../../catalogue/open-plugins.ts';
import { InputError } from '../../../core/errors.ts';
import { bytes } from '../../../core/format.ts';
import { runPlanJob } from '../../../jobs/plan-job.ts';
import type { Cell } from '../../cell.ts';
import type { ExecutorContext } from '../executor.ts';

/** What is asked for over what a plan says: what lies beside graphs and weights differs from machine to machine. */
const margin = 1.2;

/** Copies of all weights that training them takes beside the frozen ones: values, gradient, two moments, a best one. */
const copiesOfWeights = 5;

/**
 * Bytes that the largest of these runs will take, by the plan of a search with its settings: a search trains all
 * candidates, and no training of a structure holds more. Where that cannot be planned, nothing is proposed.
 */
export async function proposedMemory(
  cells: readonly Cell[],
  { loaders, catalogue, tell }: Pick<ExecutorContext, 'loaders' | 'catalogue' | 'tell'>,
): Promise<number | undefined> {
  let most: number | undefined;
  for (const [first] of Map.groupBy(cells, sizeOf).values()) {
    const { method, structure, map, budget = '100%', ...settings } = first!.settings;
    const known = openPlugins(settings.plugins, catalogue);
    try {
      const plan = await runPlanJob({ ...settings, budget }, { loaders, catalogue, timing: false });
      const trainsAll = method !== undefined && known.methods[method]?.trainsAllWeights === true;
      const copies = trainsAll ? copiesOfWeights * 4 * plan.backboneParameters : 0;
      most = Math.max(most ?? 0, plan.peakBytes + copies);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  if (most === undefined) return undefined;
  const asked = most * margin;
  tell(`asking for ${bytes(asked)} of memory a run, by its plan; --memory says otherwise`);
  return asked;
}

/** Runs that differ in nothing of this need the same memory. */
function sizeOf({ task, method, variant }: Cell): string {
  return JSON.stringify([task, method, variant]);
}
