import { confusion } from './confusion.ts';
import { type Metric, needing } from './metric.ts';
import { onlyAnswer, type Target } from './target.ts';

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
