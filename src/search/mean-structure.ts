import { InputError } from '../core/errors.ts';
import { mean, standardDeviation } from '../core/moments.ts';
import type { Structure } from '../structure/structure-file.ts';

/** p of every module in every structure; without p it is 1 for what a structure keeps and else 0. */
function probabilities(structures: readonly Structure[]): number[][] {
  const [first] = structures;
  if (first === undefined) throw new InputError('there is no structure to average', { code: 'no-structure-found' });
  const names = ({ modules }: Structure) => modules.map(({ site, kind }) => `${site}:${kind}`).join(' ');
  for (const structure of structures) {
    if (structure.model.fingerprint !== first.model.fingerprint || names(structure) !== names(first)) {
      throw new InputError(
        `structures of the same model and search space are needed, not ${first.model.name} (${first.space}) and ${structure.model.name} (${structure.space})`,
        { code: 'other-structure', remedy: 'give structures that were searched on one model in one space' },
      );
    }
  }
  return first.modules.map((_, i) => structures.map(({ modules }) => modules[i]!.p ?? (modules[i]!.kept ? 1 : 0)));
}

/**
 * The mean of p over structures (section E of the paper): of seeds, or of tasks. What it keeps has still to be chosen.
 * A single structure comes back as it is, with the worth of its modules.
 * @throws InputError for structures of different models or spaces, or none
 */
export function meanStructure(structures: readonly Structure[]): Structure {
  const p = probabilities(structures).map(mean);
  const [first, ...others] = structures as readonly [Structure, ...Structure[]];
  if (others.length === 0) return first;
  const modules = first.modules.map((module, i) => ({ ...module, worth: null, p: p[i]!, kept: false }));
  return { ...first, modules };
}

/**
 * How far p differs between structures, module by module: its standard deviation, 0 for a single structure.
 * @throws InputError for structures of different models or spaces, or none
 */
export function spreadOfProbability(structures: readonly Structure[]): number[] {
  return probabilities(structures).map(values => standardDeviation(values) ?? 0);
}
