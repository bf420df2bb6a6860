import type { DeltaModule } from '../core/delta-module.ts';
import { InputError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { deltaOf } from '../deltas/kinds.ts';
import { type CandidateRule, isInnerBlock, isInnerLinear, isNorm, listCandidates } from './candidates.ts';

/** Queries and values of self-attention: where LoRA's authors put it. */
export function isQueryOrValue({ host, position }: Site): boolean {
  return host === 'linear' && (position === 'SelfAttn.Q' || position === 'SelfAttn.V');
}

function isOutputProjection({ host, name }: Site): boolean {
  return host === 'linear' && name === 'lm_head';
}

/** The manual baselines (method, section 2): where a person puts modules without a search. */
export const manualMethods: Readonly<Record<string, readonly CandidateRule[]>> = {
  lora: [{ kind: 'lora', options: { rank: 8 }, attaches: isQueryOrValue }],
  adapter: [{ kind: 'adapter', attaches: isInnerBlock }],
  'low-rank-adapter': [{ kind: 'low-rank-adapter', attaches: isInnerBlock }],
  bitfit: [{ kind: 'bitfit', attaches: site => isInnerLinear(site) || isNorm(site) || isOutputProjection(site) }],
  lnfit: [{ kind: 'lnfit', attaches: isNorm }],
  'fine-tuning': [{ kind: 'fine-tuning', attaches: site => deltaOf('fine-tuning').hosts(site) }],
};

/** The modules of a manual method. InputError for a name that is none. */
export function listManualModules(sites: readonly Site[], method: string): DeltaModule[] {
  if (!Object.hasOwn(manualMethods, method)) {
    throw new InputError(`unknown method "${method}"`, {
      remedy: `use one of: ${Object.keys(manualMethods).join(', ')}`,
    });
  }
  return listCandidates(sites, manualMethods[method]!);
}
