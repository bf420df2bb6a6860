import { permutation } from '../core/random.ts';
import { type BudgetOptions, type Cost, checkBudget, fillBudget } from './budget.ts';
import type { Attempt, Method, MethodProblem } from './method.ts';

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

/** A structure of the space's candidates drawn at random within the budget. */
export const randomMethod: Method = {
  label: 'random structure',
  description: 'draws one of the given budget',
  budgeted: true,
  fromSpace: true,
  attempts: problem => drawn(problem, 1),
};

/** A random structure alone is the best of nothing, however little a search costs. */
export const fewestDraws = 2;

/**
 * The second honest rival of a search: what search and re-training cost, spent on re-trainings of random structures, of
 * which the best on D_val is taken. The first of them is the one that the method `random` draws with the same seed.
 */
export const bestOfRandom: Method = {
  label: 'best of random structures',
  description: 'draws as many as cost what a search does, two at least',
  budgeted: true,
  fromSpace: true,
  attempts: problem =>
    drawn(problem, Math.max(fewestDraws, problem.affordable())).map((attempt, i) => {
      return { ...attempt, name: `draw-${i}` };
    }),
};

function drawn({ space, keepInert, seed }: MethodProblem, count: number): Attempt[] {
  const { candidates, budget } = space();
  return Array.from({ length: count }, (_, draw) => ({
    modules: candidates,
    kept: randomStructure(candidates, { budget, keepInert, seed, draw }),
  }));
}
