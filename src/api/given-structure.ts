import type { ResolvedSettings } from '../config/resolve.ts';
import { InputError } from '../errors.ts';
import type { Model } from '../models/model.ts';
import { parseBudget } from '../structure/budget.ts';
import { listManualModules } from '../structure/manual.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { listSpace } from '../structure/spaces.ts';
import { createStructure, keptModules, readStructure, type Structure } from '../structure/structure-file.ts';

/**
 * The structure that `train` was told to tune: a structure file's, a manual method's, or a random one of the budget.
 * @throws InputError where the file does not fit the model, keeps nothing, or the budget holds no module
 */
export async function givenStructure(settings: ResolvedSettings, model: Model): Promise<Structure> {
  const { method, seed, space } = settings;
  if (settings.structure !== undefined) {
    const structure = await readStructure(settings.structure);
    if (keptModules(structure, model).length === 0) {
      throw new InputError('this structure keeps no module', {
        where: settings.structure,
        remedy: 'search again, with a larger budget',
      });
    }
    return structure;
  }
  if (method === 'random') {
    const candidates = listSpace(model.sites, space);
    const budget = parseBudget(settings.budget, model.parameters);
    const kept = randomStructure(candidates, { budget, keepInert: settings['keep-inert'], seed });
    return createStructure(model, { space, budget }, candidates, { kept });
  }
  const modules = listManualModules(model.sites, method!);
  return createStructure(model, { space: method!, budget: null }, modules, { kept: modules.map(() => true) });
}
