import type { DeltaModule } from '../core/delta-module.ts';
import { InputError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { type CandidateRule, isInnerBlock, isInnerLinear, isNorm, listCandidates } from './candidates.ts';

/** Search spaces (method, section 2): S³Delta-M and S³Delta-L. */
export const spaces: Readonly<Record<string, readonly CandidateRule[]>> = {
  mixed: [
    { kind: 'lora', attaches: isInnerLinear },
    { kind: 'bitfit', attaches: site => isInnerLinear(site) || isNorm(site) },
    { kind: 'lnfit', attaches: isNorm },
    { kind: 'low-rank-adapter', attaches: isInnerBlock },
  ],
  lora: [{ kind: 'lora', attaches: isInnerLinear }],
};

/** All candidates of a search space. InputError for a name that is none. */
export function listSpace(sites: readonly Site[], name: string): DeltaModule[] {
  if (!Object.hasOwn(spaces, name)) {
    throw new InputError(`unknown search space "${name}"`, { remedy: `use one of: ${Object.keys(spaces).join(', ')}` });
  }
  return listCandidates(sites, spaces[name]!);
}
