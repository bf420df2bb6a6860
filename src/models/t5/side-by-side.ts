import type { Feed, Feeds } from '../../runtime/session.ts';
import { longestOf, paddedLength, type Rows, sameTextMask } from '../kit/padding.ts';
import { sourceFeeds } from './feeds.ts';
import type { T5Config } from './t5-checkpoint.ts';

/** Tokens that a row of short texts may have: among so few, what attention adds is little beside what padding costs. */
const ROW = 128;

/**
 * Which texts stand side by side in which row: as many in each as takes the fewest tokens, padding included, while no
 * row is longer than the longest text or `ROW` tokens.
 * @param answers tokens that are to be said to each text, which stand side by side, too
 */
export function sideBySide(lengths: readonly number[], answers: number): number[][] {
  const longest = Math.max(ROW, paddedLength(Math.max(...lengths)));
  let best = { rows: [] as number[][], tokens: Number.POSITIVE_INFINITY };
  for (let perRow = 1; perRow <= lengths.length && (perRow === 1 || perRow * answers <= ROW); perRow++) {
    const { rows, length } = balanced(lengths, perRow);
    if (length > longest) break;
    const tokens = rows.length * (length + perRow * answers);
    if (tokens < best.tokens) best = { rows, tokens };
  }
  return best.rows;
}

/** Rows of at most so many texts, about equally long, and their padded length. */
function balanced(lengths: readonly number[], perRow: number): { rows: number[][]; length: number } {
  const rows = Array.from({ length: Math.ceil(lengths.length / perRow) }, () => ({ texts: [] as number[], length: 0 }));
  // The longest first, each into the row that is shortest so far.
  for (const text of [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]!)) {
    const row = rows
      .filter(({ texts }) => texts.length < perRow)
      .reduce((shortest, each) => (each.length < shortest.length ? each : shortest));
    row.texts.push(text);
    row.length += lengths[text]!;
  }
  const length = paddedLength(Math.max(...rows.map(row => row.length)));
  return { rows: rows.map(({ texts }) => texts), length };
}

/** Sources side by side in rows, none of which sees another. */
export interface SourceRows {
  /** inputIds, sourceMask [rows, 1, source, source] and encoderBuckets. */
  readonly feeds: Feeds;
  /** sourceMask [rows, 1, target, source] of a decoder's tokens: each row has one for its text of each such number. */
  maskFor(texts: readonly number[]): Feed;
}

/** In place of a text's number. */
const PADDING = -1;

/** What reads the texts of each row. */
export function sourceRows(rows: readonly Rows[], config: T5Config): SourceRows {
  const joined = rows.map(texts => texts.flat());
  const length = paddedLength(longestOf(joined));
  const keys = rows.map(texts => {
    const numbers = texts.flatMap((ids, text) => ids.map(() => text));
    return [...numbers, ...new Array<number>(length - numbers.length).fill(PADDING)];
  });
  const masked = (queries: Rows): Feed => sameTextMask(queries, keys);
  return {
    feeds: { ...sourceFeeds(joined, config), sourceMask: masked(keys) },
    maskFor: texts => masked(rows.map(() => texts)),
  };
}
