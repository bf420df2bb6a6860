/** What there is to colour a candidate by. */
export interface Judged {
  /** Probability to be kept, 0 where it never can be; null where nobody has told one. */
  readonly p: number | null;
  /** What the search thinks it is worth; it orders the modules; absent where nothing was searched. */
  readonly worth?: number;
  readonly kept: boolean;
}

/** A module with the number that its cell is coloured by: of a structure's `quantityOf`, 0 or more. */
export type Coloured<M> = M & { readonly value: number };

/** What the colour of a heat map says, in words. */
export interface Quantity {
  /** In legends, tables, and beside a module's number. */
  readonly name: string;
  /** What a map shows: a title. */
  readonly title: string;
  /** What stands in the place of a picture that cannot be seen; the title without it. */
  readonly alternative?: string;
  /** How to read a map, in a sentence or two. */
  readonly explained: string;
  /** Whether a module's number says more than that it is kept. */
  readonly isTold: boolean;
}

const quantities = {
  probability: {
    name: 'p',
    title: 'Probability p of every candidate',
    alternative: 'Probability of every candidate',
    explained: 'A cell is a candidate, coloured by the probability p that it is kept; outlined ones are kept.',
    isTold: true,
  },
  rank: {
    name: 'rank of worth',
    title: 'Rank of every candidate by worth',
    explained:
      'A cell is a candidate, coloured by its rank by worth to the search: 0 is the least, and what can never be ' +
      'kept; 1 is the most. Outlined ones are kept.',
    isTold: true,
  },
  kept: {
    name: 'kept or not',
    title: 'Which candidates are kept',
    explained: 'A cell is a candidate; outlined ones are kept.',
    isTold: false,
  },
  given: {
    name: 'kept or not',
    title: 'Modules of the structure',
    explained: 'A cell is a module that is trained. Nothing was searched: the method says where they are.',
    isTold: false,
  },
} satisfies Record<string, Quantity>;

/**
 * What a structure's candidates are coloured by: their probabilities; of a search that has none, their ranks by worth;
 * where nothing was searched, whether they are kept.
 */
export function quantityOf(modules: readonly Judged[]): Quantity {
  const open = modules.filter(({ p }) => p === null);
  if (open.length === 0) return quantities.probability;
  if (open.every(({ worth }) => worth !== undefined)) return quantities.rank;
  return modules.every(({ kept }) => kept) ? quantities.given : quantities.kept;
}

/** The modules, each with its number of their quantity. */
export function coloured<M extends Judged>(modules: readonly M[]): Coloured<M>[] {
  const values = valuesOf(modules);
  return modules.map((module, i) => ({ ...module, value: values[i]! }));
}

function valuesOf(modules: readonly Judged[]): number[] {
  const quantity = quantityOf(modules);
  if (quantity === quantities.probability) return modules.map(({ p }) => p!);
  if (quantity !== quantities.rank) return modules.map(({ kept }) => Number(kept));
  return ranks(
    modules.map(({ worth }) => worth!),
    modules,
  );
}

/** What a search thought of its candidates on its way. `kept` are indices. */
interface Thought {
  readonly p?: readonly number[];
  readonly worth?: readonly number[];
  readonly kept: readonly number[];
}

/** The same numbers of the modules at a moment of the search; where it did not tell such, 1 for what it would keep. */
export function valuesAt({ p, worth, kept }: Thought, modules: readonly Judged[]): readonly number[] {
  const quantity = quantityOf(modules);
  if (quantity === quantities.probability && p !== undefined) return p;
  const ordered = worth ?? p;
  if (quantity === quantities.rank && ordered !== undefined) return ranks(ordered, modules);
  const values = new Array<number>(modules.length).fill(0);
  for (const index of kept) values[index] = 1;
  return values;
}

/**
 * The place of each among those that can be kept, as a share: from 0 for the least worth in even steps to 1 for the
 * most. Equal ones share a rank; what can never be kept is at 0.
 */
function ranks(worth: readonly number[], modules: readonly Judged[]): number[] {
  const isOpen = modules.map(({ p }) => p === null);
  const distinct = [...new Set(worth.filter((_, i) => isOpen[i]))].sort((a, b) => a - b);
  const highest = distinct.length - 1;
  const rank = new Map(distinct.map((value, place) => [value, highest === 0 ? 1 : place / highest]));
  return worth.map((value, i) => (isOpen[i] ? rank.get(value)! : 0));
}
