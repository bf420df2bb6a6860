import { checkPaired } from './metric.ts';

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
 * @throws RangeError where the lists cannot be compared or there are not exactly two labels.
 */
export function confusion(
  predictions: readonly string[],
  targets: readonly string[],
  labels: readonly string[] | undefined,
): Confusion {
  checkPaired(predictions, targets);
  if (labels?.length !== 2) throw new RangeError('this metric needs exactly two labels');
  const [negative, positive] = labels;
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  predictions.forEach((prediction, i) => {
    const isPositive = targets[i] === positive;
    const isRight = prediction === targets[i] && (prediction === positive || prediction === negative);
    if (isPositive && isRight) truePositives++;
    else if (isPositive) falseNegatives++;
    else if (isRight) trueNegatives++;
    else falsePositives++;
  });
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}
