import type { DeltaModule } from '../core/delta-module.ts';
import { unknownName } from '../core/nearest.ts';
import { type Role, roleNames, roles, type Site } from '../core/site.ts';
import { type CandidateRule, innerBlocks, innerLinears, listCandidates, norms } from './candidates.ts';

/** Queries and values of self-attention: where LoRA's authors put it. */
export const queriesAndValues: readonly Role[] = ['self-attention.query', 'self-attention.value'];

const weights = roleNames.filter(role => roles[role] !== 'block');

/** The manual baselines (method, section 2): where a person puts modules without a search. */
export const manualMethods: Readonly<Record<string, readonly CandidateRule[]>> = {
  lora: [{ kind: 'lora', options: { rank: 8 }, roles: queriesAndValues }],
  adapter: [{ kind: 'adapter', roles: innerBlocks }],
  'low-rank-adapter': [{ kind: 'low-rank-adapter', roles: innerBlocks }],
  bitfit: [{ kind: 'bitfit', roles: [...innerLinears, ...norms, 'lm-head'] }],
  lnfit: [{ kind: 'lnfit', roles: norms }],
  'fine-tuning': [{ kind: 'fine-tuning', roles: weights, except: site => site.weightIsShared }],
};

/** The modules of a manual method. InputError for a name that is none. */
export function listManualModules(sites: readonly Site[], method: string): DeltaModule[] {
  if (!Object.hasOwn(manualMethods, method)) throw unknownName('method', method, Object.keys(manualMethods));
  return listCandidates(sites, manualMethods[method]!);
}
