import { permutation } from '../core/random.ts';
import { type BudgetOptions, type Cost, checkBudget, fillBudget } from './fill-budget.ts';

/** A seed has as many draws as are asked for, the first of them by default. */
interface Draw {
  readonly seed: number;
  readonly draw?: number;
}

/**
 * A random structure: modules are drawn uniformly among those that still fit, until none does. Walking a random order
 * is the same law, since what does not fit once never fits later. InputError where no module fits the budget.
 */
export function randomStructure(modules: readonly Cost[], options: BudgetOptions & Draw): boolean[] {
  checkBudget(modules, options);
  return fillBudget(randomOrder(modules.length, options), modules, options);
}

/**
 * What modules are worth to someone who knows nothing of them: by falling worth they make the same random structure.
 */
export function randomWorth(count: number, options: Draw): Float64Array {
  const worth = new Float64Array(count);
  for (const [place, index] of randomOrder(count, options).entries()) worth[index] = count - place;
  return worth;
}

function randomOrder(count: number, { seed, draw }: Draw): Uint32Array {
  return permutation(count, seed, 'structure/random', draw);
}
