import { useEffect, useState } from 'preact/hooks';
import type { RunSummary } from '../report/run-summary.ts';

/** What the page shows beside the list. It stands in the address, so that it can be linked to and gone back to. */
export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'run'; readonly id: string }
  | { readonly view: 'comparison'; readonly id: string }
  | { readonly view: 'compare'; readonly ids: readonly string[] };

export function parseRoute(hash: string): Route {
  const [view, ...ids] = hash.replace(/^#\/?/, '').split('/').map(decode);
  const isOne = ids.length === 1 && ids[0] !== '';
  if ((view === 'run' || view === 'comparison') && isOne) return { view, id: ids[0]! };
  if (view === 'compare' && ids.length > 0) return { view, ids: ids.filter(id => id !== '') };
  return { view: 'overview' };
}

/** What the window is called, and files that are saved from it begin with. */
export function titleOf(route: Route): string {
  if (route.view === 'run' || route.view === 'comparison') return `${route.id} – s3delta`;
  return route.view === 'compare' ? `${route.ids.length} runs side by side – s3delta` : 's3delta';
}

export function runLink(id: string): string {
  return `#/run/${encodeURIComponent(id)}`;
}

export function comparisonLink(id: string): string {
  return `#/comparison/${encodeURIComponent(id)}`;
}

export function compareLink(ids: readonly string[]): string {
  return `#/compare/${ids.map(encodeURIComponent).join('/')}`;
}

/** Addresses are also written by hand: what cannot be decoded stays as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** More curves than this cannot be told apart. */
export const mostCompared = 6;

/** What a user has set of the list of runs. */
export interface ListState {
  readonly filter: string;
  readonly order: Order;
  /** Runs to compare. */
  readonly ticked: readonly string[];
}

/** It stands in the address before the `#`, which links within the page leave as it is: so it outlives a reload. */
export function parseListState(search: string): ListState {
  const given = new URLSearchParams(search);
  const order = given.get('order') ?? '';
  return {
    filter: given.get('filter') ?? '',
    order: isOrder(order) ? order : 'newest',
    ticked: given.getAll('tick').slice(0, mostCompared),
  };
}

export function listStateSearch({ filter, order, ticked }: ListState): string {
  const said = new URLSearchParams(ticked.map(id => ['tick', id]));
  if (order !== 'newest') said.set('order', order);
  if (filter !== '') said.set('filter', filter);
  return said.size === 0 ? '' : `?${said}`;
}

export function useListState(): [ListState, (changes: Partial<ListState>) => void] {
  const [state, setState] = useState(() => parseListState(location.search));
  useEffect(() => {
    const returned = () => setState(parseListState(location.search));
    addEventListener('popstate', returned);
    return () => removeEventListener('popstate', returned);
  }, []);
  const change = (changes: Partial<ListState>) => {
    const next = { ...state, ...changes };
    history.replaceState(null, '', `${location.pathname}${listStateSearch(next)}${location.hash}`);
    setState(next);
  };
  return [state, change];
}

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

function isOrder(given: string): given is Order {
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
