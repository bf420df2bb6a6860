import { type BudgetOptions, type Cost, checkBudget, fillBudget } from '../structure/fill-budget.ts';
import type { ModuleRecord, Structure } from '../structure/structure-file.ts';

export interface ChoiceOptions extends BudgetOptions {
  /** Which must not be kept, whatever is left of the budget; none without it. */
  readonly closed?: readonly boolean[];
}

/**
 * The modules to keep (method, section 4.5): by falling worth each that still fits in what is left of the budget. The
 * order does not depend on the budget; equal ones go by position.
 * @param worth one number a module, for the paper's search α, which orders as p does, but does not tie where p rounds
 * to 1
 * @returns one answer a module
 */
export function chooseStructure(worth: ArrayLike<number>, modules: readonly Cost[], options: ChoiceOptions): boolean[] {
  const { closed } = options;
  const open = modules.map((_, i) => i).filter(i => !closed?.[i]);
  return fillBudget(
    open.sort((a, b) => worth[b]! - worth[a]! || a - b),
    modules,
    options,
  );
}

/**
 * The same structure at another budget: what its search would have kept there.
 * @param budget parameters to spend
 * @throws InputError where the budget holds no module
 */
export function atBudget(structure: Structure, budget: number, keepInert = false): Structure {
  const { modules } = structure;
  checkBudget(modules, { budget, keepInert });
  const closed = modules.map(({ p }) => p === 0);
  const kept = chooseStructure(modules.map(rank), modules, { budget, keepInert, closed });
  return { ...structure, budget, modules: modules.map((module, i) => ({ ...module, kept: kept[i]! })) };
}

/** What orders a structure's modules: a mean of several has no worth, but p; one that was not searched has neither. */
function rank({ worth, p, kept }: ModuleRecord): number {
  return worth ?? p ?? (kept ? 1 : 0);
}
