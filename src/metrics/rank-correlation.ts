import { checkPaired, type Metric, needing } from './metric.ts';
import { comparedNumbers, correlation, noCorrelation, pearson } from './pearson.ts';

const needs = { oneAnswer: true, numbers: true, undefinedFor: noCorrelation } as const;

/**
 * Spearman's rank correlation times 100: Pearson's of the ranks, equal numbers sharing the mean of theirs. What is no
 * number and what is constant count as with Pearson's.
 * @throws RangeError as `pearson`
 */
export const spearman: Metric = needing(
  { ...needs, description: 'correlation of the ranks of numbers' },
  (predictions, targets) => {
    checkPaired(predictions, targets);
    const [x, y] = comparedNumbers(predictions, targets);
    return correlation(ranks(x), ranks(y));
  },
);

/** Mean of Pearson's and Spearman's correlation, as GLUE ranks systems on STS-B. @throws RangeError as `pearson` */
export const pearsonSpearman: Metric = needing(
  { ...needs, description: 'the mean of both, as on GLUE' },
  (predictions, targets, labels) =>
    (pearson(predictions, targets, labels) + spearman(predictions, targets, labels)) / 2,
);

/** Rank of each number from 1, in ascending order; of equal ones the mean of the ranks they take up. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (const index of order.slice(start, end)) result[index] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}
