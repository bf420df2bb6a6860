import { type DeltaModule, roleNames, roles, type Site } from '../core/site.ts';
import { deltas as builtInDeltas, type Deltas } from '../deltas/kinds.ts';
import { tunedLora, valueLora } from './even-lora.ts';
import { type Methods, manual, modulesOfMethod } from './method.ts';
import { bestOfRandom, randomMethod } from './random-structure.ts';
import { innerBlocks, innerLinears, norms, queriesAndValues } from './spaces.ts';

const weights = roleNames.filter(role => roles[role] !== 'block');

/** The manual baselines (method, section 2): where a person puts modules without a search. */
export const manualMethods: Methods = {
  lora: manual('LoRA (r = 8)', [{ kind: 'lora', options: { rank: 8 }, roles: queriesAndValues }]),
  adapter: manual('Adapter', [{ kind: 'adapter', roles: innerBlocks }]),
  'low-rank-adapter': manual('LR-Adapter', [{ kind: 'low-rank-adapter', roles: innerBlocks }]),
  bitfit: manual('BitFit', [{ kind: 'bitfit', roles: [...innerLinears, ...norms, 'lm-head'] }]),
  lnfit: manual('LNFit', [{ kind: 'lnfit', roles: norms }]),
  'fine-tuning': manual(
    'full fine-tuning',
    [{ kind: 'fine-tuning', roles: weights, except: site => site.weightIsShared }],
    { trainsAllWeights: true },
  ),
};

/** The modules of a manual method. InputError for a name that is none. */
export function listManualModules(
  sites: readonly Site[],
  method: string,
  { methods = manualMethods, deltas = builtInDeltas }: { methods?: Methods; deltas?: Deltas } = {},
): DeltaModule[] {
  return modulesOfMethod(method, sites, methods, deltas);
}

/** Name of the method that draws a structure: what others are compared with where nothing is said. */
export const randomDraw = 'random';

/** Names of the methods that a search has to beat where the budget holds all of them. */
export const valuesMethod = 'value-lora';
export const tunedMethod = 'tuned-lora';
export const scalesMethod = 'lnfit';

/** What found structures are held against where it is asked how small they can be. */
export const plainRival = 'lora';
/** The largest there is. */
export const largestRival = 'fine-tuning';

/** Every method that comes with the package, by name. A new one is a file beside this one and a word here. */
export const methods: Methods = {
  ...manualMethods,
  [randomDraw]: randomMethod,
  [valuesMethod]: valueLora,
  [tunedMethod]: tunedLora,
  'best-of-random': bestOfRandom,
};
