import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { SpaceSettings } from '../config/job-config.ts';
import { checkArgument } from '../core/checked-values.ts';
import type { DeltaModule } from '../core/site.ts';
import type { Model } from '../models/model.ts';
import { checkBudget, parseBudget, shareMeant } from '../structure/budget.ts';
import { modulesOfMethod } from '../structure/method.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { listSpace } from '../structure/spaces.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';

/** What a search or a random draw chooses from, and how much it may keep, in values. */
export interface ResolvedSpace {
  readonly name: string;
  readonly candidates: readonly DeltaModule[];
  /** Parameters that may be spent: as many as all candidates have where there is no limit. */
  readonly budget: number;
  readonly limited: boolean;
  /** Whether modules that cannot change the output may be kept. */
  readonly keepInert: boolean;
}

/**
 * The candidates of a space and the parameters that may be spent on them.
 * @throws InputError for an unknown space, and a budget that cannot be read or holds no module
 */
export function resolveSpace(
  model: Pick<Model, 'sites' | 'parameters'>,
  { space: name, budget: amount, 'keep-inert': keepInert }: SpaceSettings,
  catalogue: Catalogue = builtIn,
): ResolvedSpace {
  const candidates = listSpace(model.sites, name, catalogue);
  const limited = amount !== undefined;
  const budget = limited ? parseBudget(amount, model.parameters) : sumOf(candidates);
  checkBudget(candidates, { budget, keepInert }, limited ? shareMeant(amount) : undefined);
  return { name, candidates, budget, limited, keepInert };
}

const sumOf = (modules: readonly DeltaModule[]) => modules.reduce((sum, { parameters }) => sum + parameters, 0);

/**
 * The structure of a manual method: all of its modules, no budget. InputError for an unknown name, and one that needs a
 * budget.
 */
export function manualStructure(model: Model, method: string, { methods, deltas }: Catalogue = builtIn): Structure {
  const modules = modulesOfMethod(method, model.sites, methods, deltas);
  return createStructure(model, { space: method, budget: null }, modules, { kept: modules.map(() => true) });
}

const drawSettings = z.looseObject(
  {
    space: z.string({ error: 'the name of a search space, for example `mixed`' }),
    budget: z.union([z.string(), z.number()], { error: 'a budget, for example `1.39bp` or `5000`' }).optional(),
    'keep-inert': z.boolean({ error: 'true or false' }),
    seed: z.int({ error: 'a whole number, not below 0' }).nonnegative({ error: 'a whole number, not below 0' }),
  },
  { error: "`{ space, budget, 'keep-inert', seed }`" },
);

/**
 * A structure of a space's candidates drawn at random within the budget. InputError as for `resolveSpace`.
 * @param draw number of the draw: a seed has as many as are asked for
 */
export function drawStructure(
  model: Model,
  settings: SpaceSettings & { readonly seed: number },
  draw = 0,
  catalogue: Catalogue = builtIn,
): Structure {
  checkArgument('drawStructure(model, settings)', drawSettings, settings);
  return drawFrom(model, resolveSpace(model, settings, catalogue), settings.seed, draw);
}

/** The same of a space that is resolved. */
export function drawFrom(model: Model, space: ResolvedSpace, seed: number, draw = 0): Structure {
  const { name, candidates, budget, keepInert } = space;
  const kept = randomStructure(candidates, { budget, keepInert, seed, draw });
  return createStructure(model, { space: name, budget }, candidates, { kept });
}
