import type { DeltaModule, Role } from '../core/site.ts';
import { fillBudget } from '../structure/budget.ts';

/** Candidates of one kind at sites of one role, in all layers. */
export interface CandidateGroup {
  readonly kind: string;
  readonly role: Role;
  /** The first of them, to name the role as its family does. */
  readonly site: string;
  readonly candidates: number;
  /** Trainable parameters of each. */
  readonly parameters: number;
  /** Whether these modules cannot change the output (a bias on key projections): none is kept unless asked for. */
  readonly inert: boolean;
}

/** A budget of trainable parameters in all units that people write it in. */
export interface BudgetUnits {
  readonly parameters: number;
  /** Of the backbone's parameters. */
  readonly fraction: number;
  readonly percent: number;
  /** ‱, the paper's unit. */
  readonly perTenThousand: number;
}

/** How many modules a structure within the budget can have, filled up with the dearest first, or with the cheapest. */
export interface ModulesThatFit {
  readonly fewest: number;
  readonly most: number;
}

export function groupCandidates(modules: readonly DeltaModule[]): CandidateGroup[] {
  const groups = Map.groupBy(modules, ({ kind, site, parameters, inert }) =>
    [kind, site.role, parameters, inert].join(' '),
  );
  return [...groups.values()].map(members => {
    const [{ kind, site, parameters, inert }] = members as [DeltaModule];
    return { kind, role: site.role, site: site.name, candidates: members.length, parameters, inert };
  });
}

export function budgetUnits(parameters: number, backboneParameters: number): BudgetUnits {
  const fraction = parameters / backboneParameters;
  return { parameters, fraction, percent: 100 * fraction, perTenThousand: 1e4 * fraction };
}

export function modulesThatFit(
  modules: readonly DeltaModule[],
  options: { readonly budget: number; readonly keepInert: boolean },
): ModulesThatFit {
  const cheapestFirst = modules.map((_, i) => i).sort((a, b) => modules[a]!.parameters - modules[b]!.parameters);
  const countKept = (order: readonly number[]) => fillBudget(order, modules, options).filter(Boolean).length;
  return { fewest: countKept(cheapestFirst.toReversed()), most: countKept(cheapestFirst) };
}
