import type { Attempt, Method, MethodProblem } from './method.ts';
import { randomStructure } from './random-structure.ts';

/** A structure of the space's candidates drawn at random within the budget. */
export const randomMethod: Method = {
  label: 'random structure',
  description: 'draws one of the given budget',
  budgeted: true,
  fromSpace: true,
  attempts: problem => drawn(problem, 1),
};

/**
 * The second honest rival of a search: what search and re-training cost, spent on re-trainings of random structures, of
 * which the best on D_val is taken. The first of them is the one that the method `random` draws with the same seed.
 */
export const bestOfRandom: Method = {
  label: 'best of random structures',
  description: 'draws as many as cost what a search does',
  budgeted: true,
  fromSpace: true,
  attempts: problem => drawn(problem, problem.affordable()).map((attempt, i) => ({ ...attempt, name: `draw-${i}` })),
};

function drawn({ space, keepInert, seed }: MethodProblem, count: number): Attempt[] {
  const { candidates, budget } = space();
  return Array.from({ length: count }, (_, draw) => ({
    modules: candidates,
    kept: randomStructure(candidates, { budget, keepInert, seed, draw }),
  }));
}
