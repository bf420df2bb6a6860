import { type Metric, meanOf } from './metric.ts';
import { squadWords } from './squad-normalise.ts';
import { answersOf } from './target.ts';

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
