import { answersOf, type Metric, meanOf } from './metric.ts';

// ASCII punctuation only, as Python's string.punctuation.
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
// JavaScript's \b knows ASCII words only; Python's, which the reference uses, knows letters and digits of every script.
const ARTICLE = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
// What Python's str.split() splits at, which is not quite JavaScript's \s.
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts these four separators as white space.
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The words of an answer as SQuAD's official evaluation compares them: in lower case, without ASCII punctuation,
 * without the articles a, an, the (Rajpurkar et al. 2016).
 */
function squadWords(text: string): string[] {
  const plain = text.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLE, ' ');
  return plain.split(WHITE_SPACE).filter(word => word !== '');
}

/** Share of predictions that are one of the right answers after SQuAD's normalisation, in percent. */
export const exactMatch: Metric = meanOf(
  { description: 'share of answers that are right but for case, articles and punctuation' },
  (prediction, target) => {
    const said = squadWords(prediction).join(' ');
    return answersOf(target).some(answer => squadWords(answer).join(' ') === said) ? 1 : 0;
  },
);

/**
 * Token F1 of SQuAD, in percent: for each example the best over its right answers of 2·P·R / (P + R), P and R being the
 * shares of the prediction's and the answer's normalised words that they have in common, counted with repetitions; 0
 * where they share none, also where both are empty.
 */
export const tokenF1: Metric = meanOf(
  { description: 'words shared with an answer, as SQuAD counts them' },
  (prediction, target) => {
    const words = squadWords(prediction);
    return Math.max(...answersOf(target).map(answer => overlap(words, squadWords(answer))));
  },
);

function overlap(prediction: readonly string[], answer: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of answer) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of prediction) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common++;
  }
  return common === 0 ? 0 : (2 * common) / (prediction.length + answer.length);
}

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
