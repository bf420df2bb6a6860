import { useEffect, useState } from 'preact/hooks';
import { isOrder, type Order } from './filter.ts';

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
