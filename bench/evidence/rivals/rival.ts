import { z } from 'zod';
import { defineStrategy } from '../../../src/research.ts';
import { searchFitting } from '../../../src/search/strategies/fitting.ts';
import type { Compile, SearchProblem, SearchResult } from '../../../src/search/strategies/strategy.ts';

type Searching = (problem: SearchProblem, compile: Compile) => Promise<SearchResult>;

/** A strategy without options, which tells of no step: among what can be kept, as the program's own. */
export const rival = (name: string, label: string, description: string, search: Searching) =>
  defineStrategy({
    ...{ name, label, description, options: z.object({}), varied: [], cost: () => undefined },
    search: (whole, _, compile) =>
      searchFitting(whole, async function* (problem) {
        yield* [];
        return await search(problem, compile);
      }),
  });
