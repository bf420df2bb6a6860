import { add, cast, clip, expand, matmul, mul, neg, range, reshape, scale, sub } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';
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

/** The same within a graph: 1 at tokens and 0 at padding, int64 [batch, length] → float32 [batch, 1, 1, length]. */
export function tokenMask(mask: Value): Value {
  const { graph, shape } = mask;
  const [batch, length] = shape;
  return reshape(mul(sub(cast(mask, 'float32'), graph.scalar(1)), graph.scalar(-MASKED)), [batch!, 1, 1, length!]);
}

/** 1 where whole numbers differ, else 0. */
export function isOther(a: Value, b: Value): Value {
  const { graph } = a;
  const difference = sub(a, b);
  const [none, one] = [graph.int64(0), graph.int64(1)];
  return add(clip(difference, none, one), clip(neg(difference), none, one));
}

/** No position sees a later one: float32 [1, 1, length, length]. */
export function causalMask(length: number): Feed {
  return pairMask(length, (query, key) => key <= query);
}

/**
 * The same of as many texts side by side, none of which sees another, and of a tree of tokens each: of these it says
 * which of them each sees. float32 [1, 1, length, length].
 */
export function causalMaskWithin(texts: number, seen: readonly (readonly number[])[]): Feed {
  const { length } = seen;
  const textOf = (place: number) => Math.floor(place / length);
  return pairMask(
    texts * length,
    (query, key) => textOf(query) === textOf(key) && seen[query % length]!.includes(key % length),
  );
}

/**
 * Tokens see those of their own text, each of which goes by a number: float32 [rows, 1, queries, keys] of rows that are
 * as long as each other.
 */
export function sameTextMask(queries: Rows, keys: Rows): Feed {
  const dims = [queries.length, 1, queries[0]!.length, keys[0]!.length];
  const data = new Float32Array(dims.reduce((product, dim) => product * dim));
  let place = 0;
  for (const [row, texts] of keys.entries()) {
    for (const query of queries[row]!) for (const text of texts) data[place++] = text === query ? 0 : MASKED;
  }
  return { type: 'float32', data, dims };
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

/** The same within a graph: ids int64 [batch, length], int64 out. */
export function positionsWithin(ids: Value, { first = 0, padding = 0, uncounted }: Counting = {}): Value {
  const { graph, shape } = ids;
  const [batch, length] = shape as [string, string];
  const order = range(graph, length);
  if (uncounted === undefined) {
    return expand(add(reshape(order, [1, length]), graph.int64(first)), [batch, length]);
  }
  const counted = isOther(ids, graph.int64(uncounted));
  // Row i of this is 1 from i on: a product with it counts the tokens up to each.
  const later = sub(reshape(order, [length, 1]), reshape(order, [1, length]));
  const upTo = sub(graph.int64(1), clip(later, graph.int64(0), graph.int64(1)));
  const count = cast(matmul(cast(counted, 'float32'), cast(upTo, 'float32')), 'int64');
  const positions = mul(counted, add(count, graph.int64(first - 1)));
  return add(positions, mul(sub(graph.int64(1), counted), graph.int64(padding)));
}

/** Key − query for all pairs of positions, int64 [queries, keys]. */
export function distances(queries: Value, keys: Value): Value {
  return sub(reshape(keys, [1, ...keys.shape]), reshape(queries, [...queries.shape, 1]));
}

/** `localMask` within a graph, of distances [queries, keys]: float32 [1, 1, queries, keys]. */
export function localMaskWithin(between: Value, reach: number): Value {
  const { graph, shape } = between;
  const [none, one] = [graph.int64(0), graph.int64(1)];
  const beyond = (distance: Value) => clip(sub(distance, graph.int64(reach)), none, one);
  return reshape(scale(cast(add(beyond(between), beyond(neg(between))), 'float32'), MASKED), [1, 1, ...shape]);
}
