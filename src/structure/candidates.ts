import type { DeltaModule, DeltaOptions } from '../core/delta-module.ts';
import type { Site } from '../core/site.ts';
import { createModule } from '../deltas/kinds.ts';

/** Puts modules of one kind wherever `attaches` says so. A search space or a manual method is a list of rules. */
export interface CandidateRule {
  readonly kind: string;
  readonly options?: DeltaOptions;
  attaches(site: Site): boolean;
}

/** The modules that the rules give, in the order of the sites and, within a site, of the rules. */
export function listCandidates(sites: readonly Site[], rules: readonly CandidateRule[]): DeltaModule[] {
  return sites.flatMap(site =>
    rules.filter(rule => rule.attaches(site)).map(({ kind, options }) => createModule(site, kind, options)),
  );
}

/** Linear maps of self-attention and feed-forward; cross-attention's and the output projection are not among them. */
export function isInnerLinear({ host, position }: Site): boolean {
  return host === 'linear' && /^(SelfAttn|FFN)\./.test(position);
}

/** Self-attention and feed-forward sub-layers as a whole. */
export function isInnerBlock({ host, position }: Site): boolean {
  return host === 'block' && /^(SelfAttn|FFN)$/.test(position);
}

/** Every layer norm, cross-attention's and the stacks' final ones included. */
export function isNorm({ host }: Site): boolean {
  return host === 'norm';
}
