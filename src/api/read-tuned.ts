import { layoutOf } from '../deltas/layout.ts';
import type { Model } from '../models/model.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import { keptModules, readStructure } from '../structure/structure-file.ts';
import { readDelta } from './delta-file.ts';
import type { TunedStructure } from './tune.ts';

/**
 * What a finished run has trained, ready to be evaluated or asked.
 * @throws InputError where the folder holds no trained run, or one of another model
 */
export async function readTuned(path: string, model: Model): Promise<TunedStructure> {
  const folder = runFolder(path);
  requireRun(folder);
  const structure = await readStructure(folder.structure);
  const delta = await readDelta(folder.delta, model, layoutOf(keptModules(structure, model, folder.structure)));
  return { structure, delta };
}
