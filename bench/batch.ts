import type { EncodedExample } from '../src/core/program.ts';

/**
 * A full batch: every row as long as the longest, as the peers' is. Ids are spread over the vocabulary, 1 ends a row.
 * Answers are texts of `target` tokens, or with a target of 0 one of two classes.
 */
export function paddedBatch(rows: number, source: number, target: number): EncodedExample[] {
  const ids = (row: number, length: number) =>
    Array.from({ length }, (_, i) => (i === length - 1 ? 1 : 2 + ((i * 37 + row * 911) % 30000)));
  return Array.from({ length: rows }, (_, row) => ({
    input: { ids: ids(row, source) },
    output: target === 0 ? { class: row % 2 } : { ids: ids(row + 1, target) },
  }));
}
