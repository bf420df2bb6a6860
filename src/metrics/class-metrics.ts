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
  {
    ...{ oneAnswer: true, twoLabels: true, lowest: -100, undefinedFor: oneClass },
    description: 'Matthews correlation of two labels',
  },
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

/** How one class of a test fared; the shares are in percent. */
export interface ClassScores {
  readonly label: string;
  /** Right among the examples that were given this label; 0 where none was. */
  readonly precision: number;
  /** Right among the examples that have this label; 0 where none has. */
  readonly recall: number;
  /** Harmonic mean of both; 0 where none is right. */
  readonly f1: number;
  /** Examples that have this label. */
  readonly support: number;
  /** Examples that were given it. */
  readonly predicted: number;
}

/**
 * How often each label was answered where each was right: a row for each right label, in it a count for each answered
 * one, and last how many answers are none of the labels.
 * @throws RangeError where the lists cannot be compared, or an example has several right answers
 */
export function confusionTable(
  predictions: readonly string[],
  targets: readonly Target[],
  labels: readonly string[],
): number[][] {
  checkPaired(predictions, targets);
  const columns = new Map(labels.map((label, i) => [label, i]));
  const table = labels.map(() => new Array<number>(labels.length + 1).fill(0));
  targets.forEach((target, i) => {
    const row = table[columns.get(onlyAnswer(target)) ?? -1];
    if (row !== undefined) row[columns.get(predictions[i]!) ?? labels.length]! += 1;
  });
  return table;
}

/**
 * Precision, recall and F1 of each label, as scikit-learn's `precision_recall_fscore_support` with 0 for what is
 * divided by 0. An answer that is none of the labels is missed by its own class and held against no other.
 * @throws RangeError as `confusionTable`
 */
export function perClass(
  predictions: readonly string[],
  targets: readonly Target[],
  labels: readonly string[],
): ClassScores[] {
  const table = confusionTable(predictions, targets, labels);
  return labels.map((label, i) => {
    const right = table[i]![i]!;
    const support = table[i]!.reduce((sum, count) => sum + count, 0);
    const predicted = table.reduce((sum, row) => sum + row[i]!, 0);
    return {
      label,
      precision: percent(right, predicted),
      recall: percent(right, support),
      f1: percent(2 * right, support + predicted),
      support,
      predicted,
    };
  });
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

/**
 * Mean F1 of the classes that a target or an answer has, in percent, as scikit-learn's `average="macro"` over them: a
 * rare class counts as much as a common one. Without labels the classes are the targets' texts.
 */
export const macroF1: Metric = needing(
  { oneAnswer: true, description: 'mean F1 of the classes, the rare ones counting as much' },
  (predictions, targets, labels) => {
    checkPaired(predictions, targets);
    const classes = labels ?? [...new Set(targets.map(onlyAnswer))];
    const present = perClass(predictions, targets, classes).filter(
      ({ support, predicted }) => support > 0 || predicted > 0,
    );
    return present.length === 0 ? 0 : present.reduce((sum, { f1 }) => sum + f1, 0) / present.length;
  },
);
