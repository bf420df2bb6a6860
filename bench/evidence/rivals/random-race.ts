import { z } from 'zod';
import { defineStrategy } from '../../../src/research.ts';
import { lastWordKeys, withLastWord } from '../../../src/search/strategies/last-word/last-word.ts';
import { randomWorth } from '../../../src/structure/random-structure.ts';

/** Nothing is computed before the short trainings. */
const free = { modules: [], steps: 0, validations: 0, batches: [], arrays: 0, curvature: false };

/**
 * The default without its search: short trainings have the last word, among structures that no search has looked at.
 * With as many as cost what the default does, this is the best of random structures at equal cost.
 */
export const randomRace = defineStrategy({
  name: 'random-race',
  label: 'race of random structures',
  description: 'random structures trained for short, the better half for longer, until one is left',
  options: z.object(lastWordKeys),
  varied: [],
  cost: () => undefined,
  search: (problem, options, compile, context) =>
    withLastWord(problem, options, compile, context, {
      cost: free,
      async *search() {
        yield* [];
        const worth = randomWorth(problem.candidates.length, { seed: problem.stage.seed });
        return { worth, steps: 0, evaluations: 0, seconds: 0, warnings: [] };
      },
    }),
});
