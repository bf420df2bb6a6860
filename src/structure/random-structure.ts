import { permutation } from '../core/random.ts';
import { type BudgetOptions, type Cost, checkBudget, fillBudget } from './fill-budget.ts';

/**
 * A random structure: modules are drawn uniformly among those that still fit, until none does. Walking a random order
 * is the same law, since what does not fit once never fits later. InputError where no module fits the budget.
 */
export function randomStructure(
  modules: readonly Cost[],
  options: BudgetOptions & { readonly seed: number; readonly draw?: number },
): boolean[] {
  checkBudget(modules, options);
  return fillBudget(permutation(modules.length, options.seed, 'structure/random', options.draw), modules, options);
}
