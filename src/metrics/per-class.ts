import { checkPaired, type Metric, needing, onlyAnswer, type Target } from './metric.ts';

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
