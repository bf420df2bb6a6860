import type { z } from 'zod';
import type { lastWordKeys } from './last-word/last-word.ts';
import type { Contradiction } from './strategy.ts';

/** One finalist is the search's own answer: nothing is trained that could have steps. */
export const stepsOfNoFinalist: Contradiction<Partial<z.output<z.ZodObject<typeof lastWordKeys>>>> = {
  holds: said => said.finalists === 1 && said['finalist-steps'] !== undefined,
  keys: ['finalists', 'finalist-steps'],
  what: 'one finalist is the answer of the search itself, and is not trained for any steps',
  remedy: 'leave `--finalist-steps` out, or give `--finalists` 2 or more',
};
