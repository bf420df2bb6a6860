import { z } from 'zod';
import { checkBudget } from '../../structure/budget.ts';
import { randomWorth } from '../../structure/random-structure.ts';
import { defineStrategy } from './strategy.ts';

/** The plain rival of every search: a structure drawn at random. */
export const randomSearch = defineStrategy({
  name: 'random',
  label: 'random structure',
  description: 'a random structure of the budget',
  options: z.object({}),
  varied: [],
  cost: () => undefined,
  async *search({ candidates, budget, keepInert, stage: { seed } }) {
    checkBudget(candidates, { budget, keepInert });
    // There is nothing to tell on the way.
    yield* [];
    return { worth: randomWorth(candidates.length, { seed }), steps: 0, evaluations: 0, seconds: 0, warnings: [] };
  },
});
