import { answersOf, checkPaired, type Metric, meanOf, needing, onlyAnswer, type Target } from './metric.ts';

/** Share of predictions that are the target, exactly, in percent. */
export const accuracy: Metric = meanOf({ description: 'share of right answers' }, (prediction, target) =>
  answersOf(target).includes(prediction) ? 1 : 0,
);

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

/** F1 of the second label: 2·TP / (2·TP + FP + FN), in percent; 0 where no positive is there or predicted. */
export const f1: Metric = needing(
  { oneAnswer: true, twoLabels: true, description: 'F1 of the last of two labels' },
  (predictions, targets, labels) => {
    const { truePositives, falsePositives, falseNegatives } = confusion(predictions, targets, labels);
    const denominator = 2 * truePositives + falsePositives + falseNegatives;
    return denominator === 0 ? 0 : (100 * 2 * truePositives) / denominator;
  },
);

/**
 * Matthews correlation times 100: (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)); 0 where the denominator is 0,
 * that is where predictions or targets are all of one class.
 */
export const matthews: Metric = needing(
  { oneAnswer: true, twoLabels: true, description: 'Matthews correlation of two labels', undefinedFor: oneClass },
  (predictions, targets, labels) => {
    const {
      truePositives: tp,
      falsePositives: fp,
      falseNegatives: fn,
      trueNegatives: tn,
    } = confusion(predictions, targets, labels);
    // A root of each factor: their product overflows exact integers long before the roots do.
    const denominator = Math.sqrt(tp + fp) * Math.sqrt(tp + fn) * Math.sqrt(tn + fp) * Math.sqrt(tn + fn);
    if (denominator === 0) return 0;
    // Rounding of the roots can carry a perfect correlation past its bounds.
    return Math.max(-100, Math.min(100, (100 * (tp * tn - fp * fn)) / denominator));
  },
);

function oneClass(predictions: readonly string[], targets: readonly Target[]): string | undefined {
  if (new Set(targets.map(onlyAnswer)).size === 1) return 'every example has the same label';
  return new Set(predictions).size === 1 ? 'every answer is the same' : undefined;
}

/**
 * Share of groups of which every prediction is the target, exactly, in percent: for MultiRC the questions all of whose
 * answers are judged right. An example without a group is one by itself.
 */
export const groupAccuracy: Metric = needing(
  { description: 'share of groups of examples that are right throughout' },
  (predictions, targets) => {
    checkPaired(predictions, targets);
    const isRight = new Map<string | symbol, boolean>();
    targets.forEach((target, i) => {
      const group = (typeof target === 'string' ? undefined : target.group) ?? Symbol();
      isRight.set(group, (isRight.get(group) ?? true) && answersOf(target).includes(predictions[i]!));
    });
    return (100 * [...isRight.values()].filter(Boolean).length) / isRight.size;
  },
);
