import { unknownName } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { type DeltaModule, type DeltaOptions, type Role, roleNames, roles, type Site } from '../core/site.ts';
import { deltas as builtInDeltas, createModule, type Deltas } from '../deltas/kinds.ts';

/** Puts modules of one kind at the sites of some roles. A search space or a manual method is a list of rules. */
export interface CandidateRule {
  readonly kind: string;
  readonly options?: DeltaOptions;
  /** Those that a model does not have are passed over. */
  readonly roles: readonly Role[];
  /** Which sites of these roles are left out (default: none). */
  readonly except?: (site: Site) => boolean;
}

/** Linear maps of self-attention and feed-forward. */
export const innerLinears: readonly Role[] = [
  ...(['self-attention.query', 'self-attention.key', 'self-attention.value', 'self-attention.output'] as const),
  ...(['feed-forward.in', 'feed-forward.gate', 'feed-forward.out'] as const),
];

/** Queries and values of self-attention: where LoRA's authors put it. */
export const queriesAndValues: readonly Role[] = ['self-attention.query', 'self-attention.value'];

/** Self-attention and feed-forward sub-layers as a whole. */
export const innerBlocks: readonly Role[] = ['self-attention', 'feed-forward'];

/** Every norm, cross-attention's and the stacks' final ones included. */
export const norms: readonly Role[] = roleNames.filter(role => roles[role] === 'norm');

/**
 * The modules that the rules give, in the order of the sites and, within a site, of the rules.
 * @throws InputError for a role or kind that is none, and where the model has a site for none of the rules
 */
export function listCandidates(
  sites: readonly Site[],
  rules: readonly CandidateRule[],
  deltas: Deltas = builtInDeltas,
): DeltaModule[] {
  const wanted = rules.flatMap(rule => rule.roles);
  for (const role of wanted) if (!roleNames.includes(role)) throw unknownName('role', role, roleNames);
  const candidates = sites.flatMap(site =>
    rules
      .filter(rule => rule.roles.includes(site.role) && !rule.except?.(site))
      .map(({ kind, options }) => createModule(site, kind, options, deltas)),
  );
  if (candidates.length > 0 || wanted.length === 0) return candidates;
  const had = [...new Set(sites.map(({ role }) => role))];
  throw new InputError(`the model has no site for modules: none of the role ${[...new Set(wanted)].join(', ')}`, {
    code: 'no-such-site',
    remedy: `use roles that it has: ${had.join(', ')}`,
  });
}

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
