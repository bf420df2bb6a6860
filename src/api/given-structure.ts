import type { ResolvedSettings } from '../config/resolve.ts';
import { InputError } from '../errors.ts';
import type { Model } from '../models/model.ts';
import { keptModules, readStructure, type Structure } from '../structure/structure-file.ts';
import { drawStructure, manualStructure } from './structures.ts';

/**
 * The structure that `train` was told to tune: a structure file's, a manual method's, or a random one of the budget.
 * @throws InputError where the file does not fit the model, keeps nothing, or the budget holds no module
 */
export async function givenStructure(settings: ResolvedSettings, model: Model): Promise<Structure> {
  const { method, structure: file } = settings;
  if (file === undefined) return method === 'random' ? drawStructure(model, settings) : manualStructure(model, method!);
  const structure = await readStructure(file);
  if (keptModules(structure, model, file).length === 0) {
    throw new InputError('this structure keeps no module', {
      where: file,
      remedy: 'search again, with a larger budget',
    });
  }
  return structure;
}
