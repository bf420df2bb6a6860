import type { SearchEvent, SearchProblem, SearchResult } from '../strategy.ts';

/** A search among the candidates that can be kept, told and answered in terms of all of them. */
export interface FittingSearch {
  readonly problem: SearchProblem;
  /** What a search of that problem tells and finds, for all candidates: what was left out has p = 0, and is closed. */
  widen<Found extends SearchResult>(
    events: AsyncGenerator<SearchEvent, Found>,
  ): AsyncGenerator<SearchEvent, SearchResult>;
}

/**
 * The problem without candidates that can never be kept: larger than the whole budget, or without effect. In a search
 * they would take a share of p, and of the weights' rate, from those that can: at a budget of a few modules LoRA on
 * feed-forwards has the highest α of most searches and fits none (docs/measured/search-rates.md).
 */
export function fittingCandidates(problem: SearchProblem): FittingSearch {
  const { candidates, budget, keepInert } = problem;
  const places = candidates.flatMap(({ parameters, inert }, place) =>
    parameters <= budget && (keepInert || !inert) ? [place] : [],
  );
  if (places.length === candidates.length) return { problem, widen: events => events };
  const wide = (values: Float64Array, elsewhere: number) => {
    const all = new Float64Array(candidates.length).fill(elsewhere);
    for (const [i, place] of places.entries()) all[place] = values[i]!;
    return all;
  };
  const widenEvent = (event: SearchEvent): SearchEvent => {
    if (event.type !== 'step') return event;
    const { probabilities, worth } = event;
    return {
      ...event,
      ...(probabilities && { probabilities: wide(probabilities, 0) }),
      ...(worth && { worth: wide(worth, Math.min(0, ...worth)) }),
    };
  };
  return {
    problem: { ...problem, candidates: places.map(place => candidates[place]!) },
    async *widen(events) {
      let found: SearchResult;
      for (;;) {
        const next = await events.next();
        if (next.done) {
          found = next.value;
          break;
        }
        yield widenEvent(next.value);
      }
      const { worth, probabilities, closed } = found;
      const isLeftOut = candidates.map(() => true);
      for (const [i, place] of places.entries()) isLeftOut[place] = closed?.[i] ?? false;
      return {
        ...found,
        worth: wide(worth, Math.min(0, ...worth)),
        ...(probabilities && { probabilities: wide(probabilities, 0) }),
        closed: isLeftOut,
      };
    },
  };
}
