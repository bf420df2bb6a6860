import { confusion } from './confusion.ts';
import { type Metric, needing } from './metric.ts';

/** F1 of the second label: 2·TP / (2·TP + FP + FN), in percent; 0 where no positive is there or predicted. */
export const f1: Metric = needing(
  { oneAnswer: true, twoLabels: true, description: 'F1 of the last of two labels' },
  (predictions, targets, labels) => {
    const { truePositives, falsePositives, falseNegatives } = confusion(predictions, targets, labels);
    const denominator = 2 * truePositives + falsePositives + falseNegatives;
    return denominator === 0 ? 0 : (100 * 2 * truePositives) / denominator;
  },
);
