import type { HeatMapModule } from '../heat-map.ts';
import type { SearchMoment } from '../run-view.ts';

/** How much of what a search would keep after its last moment it has kept for the whole second half of its way. */
export interface Steadiness {
  readonly modules: number;
  /** The first moment from half of the way on: there it was looked at first. */
  readonly since: number;
}

type Choice = Pick<SearchMoment, 'step' | 'kept'>;

/** How settled the choice is while the search goes on. Undefined of a single moment. */
export function steadiness(moments: readonly Choice[]): Steadiness | undefined {
  const last = moments.at(-1);
  if (last === undefined || moments.length < 2) return undefined;
  const seen = secondHalf(moments);
  const stayed = seen.reduce((left, { kept }) => new Set(kept.filter(index => left.has(index))), new Set(last.kept));
  return { modules: stayed.size, since: seen[0]!.step };
}

/** The moments that `steadiness` looks at; no later one will need those before them. */
export function secondHalf<C extends Choice>(moments: readonly C[]): C[] {
  const end = moments.at(-1)?.step ?? 0;
  return moments.filter(({ step }) => step >= end / 2);
}

interface Search {
  readonly moments: readonly SearchMoment[];
  /** Those that the moments are of, as they were found. */
  readonly modules: readonly HeatMapModule[];
}

/** What is said of a search whose budget holds every candidate. */
export const nothingToSearch = 'the budget holds every candidate: there was nothing to search';

/** Whether a search stopped moving before it ended. */
export interface Settlement {
  /** Whether what it would keep was the same over the last fifth of its steps. */
  readonly isSettled: boolean;
  readonly says: string;
}

const sureAt = 0.1;
const lastPart = 0.8;

/**
 * How settled the choice was at the end: whether the kept set changed over the last fifth, and the share of p that is
 * near 0 or 1.
 * @returns undefined of a search that does not tell what it thinks on its way
 */
export function settlement({ moments, modules }: Search): Settlement | undefined {
  const last = moments.at(-1);
  if (last === undefined || moments.length < 2) return undefined;
  const lastFifth = moments.filter(({ step }) => step >= lastPart * last.step);
  const end = last.kept.join();
  const isSettled = lastFifth.every(({ kept }) => kept.join() === end);
  const before = new Set(moments.findLast(({ step }) => step <= lastPart * last.step)?.kept ?? moments[0]!.kept);
  const changed = last.kept.filter(index => !before.has(index)).length;
  const says = isSettled
    ? 'what it keeps did not change over the last fifth of the search'
    : `what it keeps was still changing in the last fifth of the search (${changed} of ${last.kept.length} ` +
      'modules are new since its beginning)';
  return { isSettled, says: `${says}${sureness(moments, modules)}` };
}

/** The share of p outside 0.1 to 0.9, where the search has probabilities; at small budgets they begin outside. */
function sureness(moments: readonly SearchMoment[], modules: readonly HeatMapModule[]): string {
  const first = moments[0]!.p;
  const found = modules.flatMap(({ p }) => (p === null ? [] : [p]));
  if (first === undefined || found.length < modules.length || first.every(p => p === 0 || p === 1)) return '';
  const share = (values: readonly number[]) =>
    values.filter(p => p < sureAt || p > 1 - sureAt).length / Math.max(1, values.length);
  const now = share(found);
  const then = share(first);
  const warning = then > 0.5 ? `, which says little: at this budget ${percent(then)} began so` : '';
  return `; ${percent(now)} of p lie outside ${sureAt} to ${1 - sureAt}${warning}`;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
