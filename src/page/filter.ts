import type { RunSummary } from '../report/run-summary.ts';

type Comparison = (a: RunSummary, b: RunSummary) => number;

// `localeCompare` looks its rules up anew for each of the thousands of pairs.
const text = new Intl.Collator('en', { numeric: true }).compare;
const byName: Comparison = (a, b) => text(a.id, b.id);
/** The largest first, those without a number last. */
const falling = (value: (run: RunSummary) => number | undefined): Comparison => {
  const of = (run: RunSummary) => value(run) ?? Number.NEGATIVE_INFINITY;
  return (a, b) => (of(a) === of(b) ? 0 : of(b) - of(a));
};

/** Ways to order runs. Scores of different metrics are not compared: each metric has its runs together. */
const comparisons = {
  newest: falling(run => run.changed),
  name: byName,
  task: (a: RunSummary, b: RunSummary) => text(a.task, b.task),
  method: (a: RunSummary, b: RunSummary) => text(a.method, b.method),
  parameters: falling(run => run.parameters),
  score: (a: RunSummary, b: RunSummary) =>
    Number(a.test === undefined) - Number(b.test === undefined) ||
    text(a.metric ?? '', b.metric ?? '') ||
    falling(run => run.test)(a, b),
} satisfies Record<string, Comparison>;

export type OrderName = keyof typeof comparisons;
export const orderNames = Object.keys(comparisons) as OrderName[];

/** The name of an order, with `-` before it where it is turned round. */
export type Order = OrderName | `-${OrderName}`;

export function isOrder(given: string): given is Order {
  return Object.hasOwn(comparisons, given.replace(/^-/, ''));
}

/** The runs that have every word of the filter somewhere in what the list shows of them, in an order. */
export function listed(runs: Iterable<RunSummary>, filter: string, order: Order): RunSummary[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ id, task, model, method, state, seed }: RunSummary) => {
    const shown = `${id} ${task} ${model} ${method} ${state} seed${seed ?? ''}`.toLowerCase();
    return words.every(word => shown.includes(word));
  };
  const compare: Comparison = comparisons[order.replace(/^-/, '') as OrderName];
  const sign = order.startsWith('-') ? -1 : 1;
  return [...runs].filter(matches).sort((a, b) => sign * compare(a, b) || byName(a, b));
}
