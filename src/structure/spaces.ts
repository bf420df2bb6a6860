import { unknownName } from '../core/checked-values.ts';
import type { DeltaModule, Role, Site } from '../core/site.ts';
import { deltas as builtInDeltas, type Deltas } from '../deltas/kinds.ts';
import { type CandidateRule, innerBlocks, innerLinears, listCandidates, norms } from './candidates.ts';

/** What a search chooses from. */
export interface Space {
  /** What tables of a comparison call a search in it. */
  readonly label: string;
  /** For `--help`, in a few words. */
  readonly description: string;
  readonly rules: readonly CandidateRule[];
}

/** Search spaces by their names. */
export type Spaces = Readonly<Record<string, Space>>;

/** Linear maps of all sub-layers. */
const everyLinear: readonly Role[] = [
  ...innerLinears,
  ...(['cross-attention.query', 'cross-attention.key', 'cross-attention.value', 'cross-attention.output'] as const),
];

/** Search spaces, by name; the first two are the paper's (method, section 2). A new one is an entry here. */
export const spaces: Spaces = {
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
};

/** The space that is searched where none is named: the paper's own. */
export const [defaultSpace] = Object.keys(spaces) as [string];

/** All candidates of a search space. InputError for a name that is none. */
export function listSpace(
  sites: readonly Site[],
  name: string,
  { spaces: known, deltas }: { spaces: Spaces; deltas: Deltas } = { spaces, deltas: builtInDeltas },
): DeltaModule[] {
  if (!Object.hasOwn(known, name)) throw unknownName('search space', name, Object.keys(known));
  return listCandidates(sites, known[name]!.rules, deltas);
}
