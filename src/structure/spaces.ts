import type { DeltaModule } from '../core/delta-module.ts';
import { unknownName } from '../core/nearest.ts';
import type { Role, Site } from '../core/site.ts';
import { type CandidateRule, innerBlocks, innerLinears, listCandidates, norms } from './candidates.ts';

/** What a search chooses from. */
export interface Space {
  /** What tables of a comparison call a search in it. */
  readonly label: string;
  /** For `--help`, in a few words. */
  readonly description: string;
  readonly rules: readonly CandidateRule[];
}

/** Linear maps of all sub-layers. */
const everyLinear: readonly Role[] = [
  ...innerLinears,
  ...(['cross-attention.query', 'cross-attention.key', 'cross-attention.value', 'cross-attention.output'] as const),
];

/** Search spaces, by name; the first two are the paper's (method, section 2). A new one is an entry here. */
export const spaces = {
  mixed: {
    label: 'S³Delta-M',
    description: 'S3Delta-M: LoRA, BitFit, LNFit, low-rank adapters',
    rules: [
      { kind: 'lora', roles: innerLinears },
      { kind: 'bitfit', roles: [...innerLinears, ...norms] },
      { kind: 'lnfit', roles: norms },
      { kind: 'low-rank-adapter', roles: innerBlocks },
    ],
  },
  lora: { label: 'S³Delta-L', description: 'S3Delta-L: LoRA', rules: [{ kind: 'lora', roles: innerLinears }] },
  wide: {
    label: 'S³Delta, wide',
    description: 'mixed with cross-attention and IA3',
    rules: [
      { kind: 'lora', roles: everyLinear },
      { kind: 'bitfit', roles: [...everyLinear, ...norms] },
      { kind: 'lnfit', roles: norms },
      { kind: 'low-rank-adapter', roles: [...innerBlocks, 'cross-attention'] },
      {
        kind: 'ia3',
        roles: [
          ...(['self-attention.key', 'self-attention.value'] as const),
          ...(['cross-attention.key', 'cross-attention.value', 'feed-forward.out'] as const),
        ],
      },
    ],
  },
} as const satisfies Readonly<Record<string, Space>>;

export type SpaceName = keyof typeof spaces;

export const spaceNames = Object.keys(spaces) as readonly SpaceName[];

/** All candidates of a search space. InputError for a name that is none. */
export function listSpace(sites: readonly Site[], name: string): DeltaModule[] {
  const known = spaceNames.find(space => space === name);
  if (known === undefined) throw unknownName('search space', name, spaceNames);
  return listCandidates(sites, spaces[known].rules);
}
