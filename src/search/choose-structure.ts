import { type BudgetOptions, type Cost, fillBudget } from '../structure/fill-budget.ts';

export interface ChoiceOptions extends BudgetOptions {
  /** Gates of evaluation: a module whose gate is 0 is not taken. Without them all may be. */
  readonly gates?: ArrayLike<number>;
}

/**
 * The final structure (method, section 4.5): by descending α, each module that still fits in what is left of the
 * budget. α orders as p does, but does not tie where p rounds to 1; equal α go by position.
 */
export function chooseStructure(alpha: ArrayLike<number>, modules: readonly Cost[], options: ChoiceOptions): boolean[] {
  const { gates } = options;
  const open = modules.map((_, i) => i).filter(i => gates?.[i] !== 0);
  return fillBudget(
    open.sort((a, b) => alpha[b]! - alpha[a]! || a - b),
    modules,
    options,
  );
}
