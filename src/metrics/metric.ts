import type { Target } from './target.ts';

/**
 * A metric of generated text against target text, on a 0–100 scale (correlations: −100 to 100).
 * `predictions` and `targets` are equally long and not empty; `labels` are the strings a prediction may be, in the
 * task's order, and the last of two is the positive one.
 * @throws RangeError where lengths differ or nothing was predicted.
 */
export interface Metric extends MetricNeeds {
  (predictions: readonly string[], targets: readonly Target[], labels: readonly string[] | undefined): number;
  /** What one prediction is worth, 0 to 1, where the metric is the mean of that in percent. */
  readonly worth?: Worth;
}

/** What a prediction is worth, 0 to 1. */
type Worth = (prediction: string, target: Target) => number;

/** What a metric says of itself, and needs of a task; nothing by default. */
export interface MetricNeeds {
  /** What it measures, in a few words for help and docs. */
  readonly description?: string;
  /**
   * Why it has no value for these answers, in a sentence, where its formula divides by 0; it gives 0 then. Undefined
   * where it has one.
   */
  readonly undefinedFor?: (predictions: readonly string[], targets: readonly Target[]) => string | undefined;
  /** Judges by the one right answer of each example; the others take any of several. */
  readonly oneAnswer?: boolean;
  /** Two labels, of which the last is the positive one. */
  readonly twoLabels?: boolean;
  /** Answers that are numbers, and no labels. */
  readonly numbers?: boolean;
}

/** A metric with what it needs. */
export function needing(needs: MetricNeeds, metric: Metric): Metric {
  return Object.assign(metric, needs);
}

/** @throws RangeError where the lists cannot be compared. */
export function checkPaired(predictions: readonly string[], targets: readonly Target[]): void {
  if (predictions.length !== targets.length) {
    throw new RangeError(`${predictions.length} predictions for ${targets.length} targets`);
  }
  if (predictions.length === 0) throw new RangeError('a metric of no predictions');
}

/** The mean over the examples of what each prediction is worth, in percent. */
export function meanOf(needs: MetricNeeds, worth: Worth): Metric {
  const mean: Metric = (predictions, targets) => {
    checkPaired(predictions, targets);
    const sum = predictions.reduce((total, prediction, i) => total + worth(prediction, targets[i]!), 0);
    return (100 * sum) / targets.length;
  };
  return Object.assign(mean, needs, { worth });
}
