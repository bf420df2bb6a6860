import { InputError } from '../core/errors.ts';
import type { DeltaModule } from '../core/site.ts';

/** What a choice needs to know of a module. */
export type Cost = Pick<DeltaModule, 'parameters' | 'inert'>;

/** How many parameters to spend, and on what. */
export interface BudgetOptions {
  /** Parameters to spend. */
  readonly budget: number;
  /** Let modules that cannot change the output be kept too; by default they would only spend budget. */
  readonly keepInert: boolean;
}

/**
 * Walks the modules in the order given (indices into `modules`) and keeps each that still fits in what is left of the
 * budget; one that does not fit is passed over and the walk goes on. Returns one answer a module.
 */
export function fillBudget(
  order: Iterable<number>,
  modules: readonly Cost[],
  { budget, keepInert }: BudgetOptions,
): boolean[] {
  const kept = modules.map(() => false);
  let left = budget;
  for (const i of order) {
    const { parameters, inert } = modules[i]!;
    if ((inert && !keepInert) || parameters > left) continue;
    kept[i] = true;
    left -= parameters;
  }
  return kept;
}

/**
 * InputError, with the smallest budget that would do, where not one module fits.
 * @param question what may have been meant
 */
export function checkBudget(modules: readonly Cost[], { budget, keepInert }: BudgetOptions, question?: string): void {
  const usable = modules.filter(({ inert }) => keepInert || !inert);
  if (usable.length === 0)
    throw new InputError('there is no candidate module that can change the output', { code: 'no-candidates' });
  const cheapest = usable.reduce((least, { parameters }) => Math.min(least, parameters), Number.POSITIVE_INFINITY);
  if (budget >= cheapest) return;
  throw new InputError(`a budget of ${budget} parameters is below the cheapest module, which takes ${cheapest}`, {
    code: 'budget-too-small',
    remedy:
      `${question === undefined ? '' : `${question} `}give a budget of at least ${cheapest}, for ` +
      `example --budget ${cheapest}`,
  });
}
