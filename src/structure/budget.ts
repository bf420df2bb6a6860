import { InputError } from '../core/errors.ts';
import type { DeltaModule } from '../core/site.ts';

/** Fractions that the units stand for; a basis point (bp) and ‱ are the same. */
const units: Readonly<Record<string, number>> = { '%': 1e-2, '‰': 1e-3, '‱': 1e-4, bp: 1e-4 };

/** No model has as many. */
const mostParameters = 1e13;

const NUMBER_AND_UNIT = /^([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*(%|‰|‱|bp)?$/i;

function unreadable(text: string, why: string): InputError {
  return new InputError(`the budget "${text}" ${why}`, {
    code: 'unreadable-budget',
    remedy: 'give a share of the backbone (0.0139%, 1.39bp, 1.39‱, 1.39e-4) or a number of parameters (5000)',
  });
}

/** A budget as it was said: a number of parameters, or a fraction of the backbone. */
type Amount = { readonly parameters: number } | { readonly fraction: number };

/** Reads a budget as far as it can be read without its backbone. InputError where it cannot be, or is nothing. */
export function readBudget(budget: string | number): Amount {
  const text = String(budget).trim();
  const [, digits, unit] = NUMBER_AND_UNIT.exec(text) ?? [];
  if (digits === undefined) throw unreadable(text, 'cannot be read');
  const value = Number(digits);
  if (!(value > 0 && Number.isFinite(value))) throw unreadable(text, 'is not above 0');
  if (unit !== undefined) {
    const fraction = value * units[unit.toLowerCase()]!;
    if (fraction > 1) throw unreadable(text, 'is more than the whole backbone');
    return { fraction };
  }
  if (value < 1) return { fraction: value };
  if (!Number.isInteger(value)) throw unreadable(text, 'is neither a whole number nor a fraction below 1');
  if (value > mostParameters) throw unreadable(text, `is more than ${mostParameters.toLocaleString('en-US')}`);
  return { parameters: value };
}

/** What to ask where a count is so small that a share may have been meant; undefined where it is not. */
export function shareMeant(budget: string | number): string | undefined {
  const amount = readBudget(budget);
  return 'parameters' in amount && amount.parameters < 100 ? `did you mean ${amount.parameters}%?` : undefined;
}

/**
 * Parameters that a budget stands for: a share with a unit (`0.0139%`, `1.39bp`, `1.39‱`), a fraction below 1
 * (`1.39e-4`), or a whole number of parameters. Rounded down. InputError as for `readBudget`, and where it is more than
 * the backbone has.
 */
export function parseBudget(budget: string | number, backboneParameters: number): number {
  const amount = readBudget(budget);
  if ('parameters' in amount) {
    const all = backboneParameters.toLocaleString('en-US');
    if (amount.parameters > backboneParameters)
      throw unreadable(String(budget), `is more than the backbone has: ${all}`);
    return amount.parameters;
  }
  // 29 % of 100 is 28.999… in binary: a millionth of a parameter covers the rounding and buys nothing.
  return Math.floor(amount.fraction * backboneParameters + 1e-6);
}

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
