import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { DeltaModule } from '../core/delta-module.ts';
import type { Model } from '../models/model.ts';
import { parseBudget } from '../structure/budget.ts';
import { checkBudget } from '../structure/fill-budget.ts';
import { modulesOfMethod } from '../structure/method.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { listSpace } from '../structure/spaces.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';

/** What a search or a random draw chooses from, and how much it may keep. */
export interface SpaceSettings {
  readonly space: string;
  /** As a user writes it: `1.39bp`, `0.0139%`, `5000`, …; without one all of the space may be kept. */
  readonly budget?: string | undefined;
  readonly 'keep-inert': boolean;
}

/**
 * The candidates of a space and the parameters that may be spent on them.
 * @throws InputError for an unknown space, and a budget that cannot be read or holds no module
 */
export function openSpace(
  model: Pick<Model, 'sites' | 'parameters'>,
  { space, budget: amount, 'keep-inert': keepInert }: SpaceSettings,
  catalogue: Catalogue = builtIn,
): { candidates: DeltaModule[]; budget: number } {
  const candidates = listSpace(model.sites, space, catalogue);
  const budget = amount === undefined ? sumOf(candidates) : parseBudget(amount, model.parameters);
  checkBudget(candidates, { budget, keepInert });
  return { candidates, budget };
}

const sumOf = (modules: readonly DeltaModule[]) => modules.reduce((sum, { parameters }) => sum + parameters, 0);

/** The structure of a manual method: all of its modules, no budget. InputError for an unknown name, and one that needs a budget. */
export function manualStructure(model: Model, method: string, { methods, deltas }: Catalogue = builtIn): Structure {
  const modules = modulesOfMethod(method, model.sites, methods, deltas);
  return createStructure(model, { space: method, budget: null }, modules, { kept: modules.map(() => true) });
}

/**
 * A structure of a space's candidates drawn at random within the budget. InputError as for `openSpace`.
 * @param draw number of the draw: a seed has as many as are asked for
 */
export function drawStructure(
  model: Model,
  settings: SpaceSettings & { readonly seed: number },
  draw = 0,
  catalogue: Catalogue = builtIn,
): Structure {
  const { candidates, budget } = openSpace(model, settings, catalogue);
  const { space, seed, 'keep-inert': keepInert } = settings;
  const kept = randomStructure(candidates, { budget, keepInert, seed, draw });
  return createStructure(model, { space, budget }, candidates, { kept });
}
