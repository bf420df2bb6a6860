import type { RunSummary } from '../report/run-summary.ts';

export type Order = 'newest' | 'name' | 'score';

/** The runs that have every word of the filter somewhere in what the list shows of them, in an order. */
export function listed(runs: Iterable<RunSummary>, filter: string, order: Order): RunSummary[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ id, task, model, method, state, seed }: RunSummary) => {
    const text = `${id} ${task} ${model} ${method} ${state} seed${seed ?? ''}`.toLowerCase();
    return words.every(word => text.includes(word));
  };
  return [...runs].filter(matches).sort(comparisons[order]);
}

const byName = (a: RunSummary, b: RunSummary) => a.id.localeCompare(b.id, 'en', { numeric: true });

const comparisons: Readonly<Record<Order, (a: RunSummary, b: RunSummary) => number>> = {
  newest: (a, b) => b.changed - a.changed || byName(a, b),
  name: byName,
  score: (a, b) => (b.test ?? Number.NEGATIVE_INFINITY) - (a.test ?? Number.NEGATIVE_INFINITY) || byName(a, b),
};
