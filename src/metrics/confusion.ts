import { checkPaired } from './metric.ts';
import { onlyAnswer, type Target } from './target.ts';

/** Counts of a two-class problem. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/**
 * Counts predictions against targets, the second label being the positive one. A prediction that is neither label
 * counts as the opposite of its target.
 * @throws RangeError where the lists cannot be compared or there are not exactly two labels, or an example has several
 * right answers.
 */
export function confusion(
  predictions: readonly string[],
  targets: readonly Target[],
  labels: readonly string[] | undefined,
): Confusion {
  checkPaired(predictions, targets);
  if (labels?.length !== 2) throw new RangeError('this metric needs exactly two labels');
  const [negative, positive] = labels;
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  predictions.forEach((prediction, i) => {
    const target = onlyAnswer(targets[i]!);
    const isPositive = target === positive;
    const isRight = prediction === target && (prediction === positive || prediction === negative);
    if (isPositive && isRight) truePositives++;
    else if (isPositive) falseNegatives++;
    else if (isRight) trueNegatives++;
    else falsePositives++;
  });
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}
