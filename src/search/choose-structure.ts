import { type BudgetOptions, type Cost, fillBudget } from '../structure/fill-budget.ts';

/**
 * The final structure (method, section 4.5): by descending α, each module that still fits in what is left of the
 * budget. α orders as p does, but does not tie where p rounds to 1; equal α go by position.
 */
export function chooseStructure(alpha: ArrayLike<number>, modules: readonly Cost[], options: BudgetOptions): boolean[] {
  const order = modules.map((_, i) => i).sort((a, b) => alpha[b]! - alpha[a]! || a - b);
  return fillBudget(order, modules, options);
}
