import type { EncodedExample } from '../runtime/program.ts';

/** What limits a part of a batch. */
export interface PartLimits {
  /** Most examples. */
  readonly size?: number;
  /** Most source tokens, padding included, where no size is said; one row may be longer. */
  readonly tokensPerRun?: number;
}

/**
 * Parts of a batch. Rows of like length come together, longest first, so that little is padded. Without a size there are as
 * few parts as the tokens allow, and these about equal.
 */
export function splitBatch(
  batch: readonly EncodedExample[],
  { size, tokensPerRun = Number.POSITIVE_INFINITY }: PartLimits,
): (readonly EncodedExample[])[] {
  const longest = batch.reduce((most, { source }) => Math.max(most, source.length), 1);
  if (size === undefined ? batch.length * longest <= tokensPerRun : batch.length <= size) return [batch];
  const sorted = batch.toSorted((a, b) => b.source.length - a.source.length);
  if (size !== undefined) return cut(sorted, () => size);
  const within = (tokens: number) => cut(sorted, ({ source }) => Math.floor(tokens / Math.max(1, source.length)));
  const fewest = within(tokensPerRun).length;
  // The least tokens that need no more parts make them about equal.
  let [tooFew, enough] = [0, tokensPerRun];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (within(middle).length > fewest) tooFew = middle;
    else enough = middle;
  }
  return within(enough);
}

/** Consecutive parts, each of as many rows as its first one allows, and of one at least. */
function cut(
  rows: readonly EncodedExample[],
  mostRows: (first: EncodedExample) => number,
): (readonly EncodedExample[])[] {
  const parts: (readonly EncodedExample[])[] = [];
  for (let next = 0; next < rows.length; next += parts.at(-1)!.length) {
    parts.push(rows.slice(next, next + Math.max(1, mostRows(rows[next]!))));
  }
  return parts;
}
