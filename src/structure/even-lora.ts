import { InputError } from '../core/errors.ts';
import type { DeltaModule, Role, Site } from '../core/site.ts';
import { createModule } from '../deltas/kinds.ts';
import type { Method } from './method.ts';
import { listCandidates, queriesAndValues } from './spaces.ts';

/**
 * LoRA on given roles, queries and values of self-attention by default, spread as evenly as a budget of parameters
 * allows: every site the same rank, and what is left over as one rank more at sites at even distances. Where the budget
 * does not give every site rank 1, sites at even distances have it.
 * @throws InputError where the budget holds no module, or the model has no such sites
 */
export function evenLora(
  sites: readonly Site[],
  budget: number,
  roles: readonly Role[] = queriesAndValues,
): DeltaModule[] {
  const smallest = ofRankOne(sites, roles);
  const costs = smallest.map(({ parameters }) => parameters);
  const round = costs.reduce((sum, cost) => sum + cost, 0);
  const rank = Math.floor(budget / round);
  const extra = new Set(spread(costs, budget - rank * round));
  const modules = smallest.flatMap(({ site }, i) => {
    const own = rank + (extra.has(i) ? 1 : 0);
    return own === 0 ? [] : [createModule(site, 'lora', { rank: own })];
  });
  if (modules.length > 0) return modules;
  const cheapest = leastLora(sites, roles);
  throw new InputError(`a budget of ${budget} parameters is below one LoRA of rank 1, which takes ${cheapest}`, {
    code: 'budget-too-small',
    remedy: `give a budget of at least ${cheapest}`,
  });
}

const ofRankOne = (sites: readonly Site[], roles: readonly Role[]) =>
  listCandidates(sites, [{ kind: 'lora', options: { rank: 1 }, roles }]);

const leastLora = (sites: readonly Site[], roles: readonly Role[]) =>
  Math.min(...ofRankOne(sites, roles).map(({ parameters }) => parameters));

/**
 * Learning rates to try, as multiples of the one that is set: those of the paper's grid (a tenth to ten times) and
 * between.
 */
const rateFactors = [0.1, 0.3, 1, 3, 10];

/**
 * The first honest rival of a search: no search, LoRA as even as the budget allows, its learning rate chosen on D_val.
 */
export const tunedLora: Method = {
  label: 'even LoRA, rate tuned',
  description: 'spreads LoRA evenly over it and tunes the learning rate on validation',
  budgeted: true,
  least: sites => leastLora(sites, queriesAndValues),
  attempts({ sites, space }) {
    const modules = evenLora(sites, space().budget);
    return rateFactors.map(rate => ({ modules, rate }));
  },
};

const values: readonly Role[] = ['self-attention.value'];

/** The rival that is hardest to beat where a budget holds LoRA in every block (docs/measured/found-or-random.md). */
export const valueLora: Method = {
  label: 'LoRA on values',
  description: 'spreads LoRA on the values of self-attention evenly over it',
  budgeted: true,
  least: sites => leastLora(sites, values),
  attempts: ({ sites, space }) => [{ modules: evenLora(sites, space().budget, values) }],
};

/** The most indices, at even distances, whose costs together are within the limit. */
function spread(costs: readonly number[], limit: number): number[] {
  for (let count = costs.length; count > 0; count--) {
    const chosen = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * costs.length) / count));
    if (chosen.reduce((sum, i) => sum + costs[i]!, 0) <= limit) return chosen;
  }
  return [];
}
