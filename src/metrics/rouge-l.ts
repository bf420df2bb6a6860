import { answersOf, type Metric, meanOf } from './metric.ts';

/**
 * Letters with their marks, and digits: for ASCII what the package rouge-score splits into, and any script beside it.
 */
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * ROUGE-L (Lin 2004), in percent: for each example the best over its right answers of 2·P·R / (P + R), P and R being
 * the longest common subsequence of words over the prediction's and the answer's number of words; 0 where they share
 * none. In lower case, nothing stemmed, as the package rouge-score has it by default.
 */
export const rougeL: Metric = meanOf(
  { description: 'longest common run of words with an answer, gaps allowed' },
  (prediction, target) => {
    const said = wordsOf(prediction);
    return Math.max(...answersOf(target).map(answer => share(said, wordsOf(answer))));
  },
);

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(WORD) ?? [];

function share(said: readonly string[], right: readonly string[]): number {
  const common = longestCommon(said, right);
  return common === 0 ? 0 : (2 * common) / (said.length + right.length);
}

/** Length of the longest sequence of words that both texts have in this order, others between them allowed. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  // Row by row of the table over prefixes of both; only the row before is needed.
  let before = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const row = [0];
    b.forEach((other, j) => {
      row.push(word === other ? before[j]! + 1 : Math.max(before[j + 1]!, row[j]!));
    });
    before = row;
  }
  return before.at(-1)!;
}
