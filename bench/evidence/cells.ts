import { createHash } from 'node:crypto';
import type { BiLevelOrder } from '../../src/research.ts';
import type { RateRuleName } from './rates.ts';

/** What both kinds of cell draw alike: the split, halves, initial values and batches all follow from the seed. */
interface Place {
  readonly task: string;
  readonly seed: number;
}

export interface SearchCell extends Place {
  readonly kind: 'search';
  readonly budget: string;
  readonly steps: number;
  readonly order: BiLevelOrder;
  /** How the weights' rate in the search follows from that of re-training, `rate`. */
  readonly rule: RateRuleName;
  readonly rate: number;
  readonly alphaRate: number;
  /** Only candidates that fit the budget by themselves and can change the output; absent: the whole space. */
  readonly candidates?: 'fitting';
}

/** A search by a strategy of the program, with its own defaults. */
export interface StrategyCell extends Place {
  readonly kind: 'strategy';
  readonly strategy: string;
  readonly budget: string;
  /** At most; a strategy may take fewer, or steps of other lengths. */
  readonly steps: number;
  readonly options?: Readonly<Record<string, number>>;
  /** Whether the rate is shared by as many modules as the budget holds; absent: it is not, or that is the same. */
  readonly suited?: true;
  /** For `from-prior`: where a search with the same seed is made first. */
  readonly priorTask?: string;
}

export interface TrainCell extends Place {
  readonly kind: 'train';
  /** Ids of the modules that are trained, in the order of the space; none where a manual method says which. */
  readonly modules: readonly string[];
  /** A manual method, all of whose modules are trained, whatever they cost. */
  readonly method?: string;
  readonly steps: number;
  readonly rate: number;
}

export type Cell = SearchCell | StrategyCell | TrainCell;

/** Names a cell by all that decides its result, so that equal structures of two sources are trained once. */
export function cellKey(cell: Cell): string {
  const sorted = Object.fromEntries(Object.entries(cell).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${cell.kind}-${cell.task}-${cell.seed}-${createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12)}`;
}

/** Where a module stands, as a search's choice is read: `v` of attention, `wi` of the feed-forward, a norm, … */
export function roleOf(id: string): string {
  const [site, kind] = id.split(':') as [string, string];
  return `${kind}:${site.split('.').at(-1)}`;
}
