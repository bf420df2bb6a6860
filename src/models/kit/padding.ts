import type { Feed } from '../../runtime/session.ts';

/** Token ids of texts, a list each. */
export type Rows = readonly (readonly number[])[];

/** Added to the score of a position that must not be seen: exp of it is 0, and it survives float32 sums. */
export const MASKED = -1e9;
/** Input lengths are padded to a multiple of this, for few distinct shapes and whole vector registers. */
const MULTIPLE = 8;

/** What inputs are padded to where the longest has that many tokens. */
export const paddedLength = (longest: number): number => Math.ceil(longest / MULTIPLE) * MULTIPLE;

/** The longest row's length; a batch is never without extent. */
export const longestOf = (rows: Rows): number => Math.max(1, ...rows.map(row => row.length));

/** Ids of rows side by side, padded at their ends, row by row. */
export function paddedIds(rows: Rows, length: number, padId: number): Int32Array {
  const ids = new Int32Array(rows.length * length).fill(padId);
  for (const [row, values] of rows.entries()) ids.set(values, row * length);
  return ids;
}

/** Ids as a graph reads them, int32 [rows, length]. */
export function idsFeed(rows: Rows, length: number, padId: number): Feed {
  return { type: 'int32', data: paddedIds(rows, length, padId), dims: [rows.length, length] };
}

/** Which positions are padding, to be added to scores: float32 [rows, 1, 1, length]. */
export function paddingMask(rows: Rows, length: number): Feed {
  const mask = new Float32Array(rows.length * length);
  for (const [row, ids] of rows.entries()) mask.fill(MASKED, row * length + ids.length, (row + 1) * length);
  return { type: 'float32', data: mask, dims: [rows.length, 1, 1, length] };
}

/** No position sees a later one: float32 [1, 1, length, length]. */
export function causalMask(length: number): Feed {
  return pairMask(length, (query, key) => key <= query);
}

/** Every position sees those at most `reach` away, on both sides: float32 [1, 1, length, length]. */
export function localMask(length: number, reach: number): Feed {
  return pairMask(length, (query, key) => Math.abs(key - query) <= reach);
}

function pairMask(length: number, sees: (query: number, key: number) => boolean): Feed {
  const data = new Float32Array(length * length);
  for (let query = 0; query < length; query++) {
    for (let key = 0; key < length; key++) if (!sees(query, key)) data[query * length + key] = MASKED;
  }
  return { type: 'float32', data, dims: [1, 1, length, length] };
}

/** How absolute positions are counted. */
export interface Counting {
  /** Position of a row's first token (default 0). */
  readonly first?: number;
  /** What stands beyond its last (default 0). */
  readonly padding?: number;
  /** A token that is not counted, wherever it stands: its position is `padding`, too. */
  readonly uncounted?: number;
}

/** Ids of absolute positions, int32 [rows, length]. */
export function positionIds(rows: Rows, length: number, { first = 0, padding = 0, uncounted }: Counting = {}): Feed {
  const counted = rows.map(row => {
    let next = first;
    return row.map(id => (id === uncounted ? padding : next++));
  });
  return idsFeed(counted, length, padding);
}
