/** What is right for one example: a text, or any of several texts. */
export type Target = string | TargetSet;

/** What counts as right for one example, where that is more than one answer. */
export interface TargetSet {
  /** Every right answer, at least one. */
  readonly answers: readonly string[];
  /** Examples of one group are judged together where a metric asks for it (MultiRC: the answers to one question). */
  readonly group?: string | undefined;
}

/** Every right answer. */
export function answersOf(target: Target): readonly string[] {
  return typeof target === 'string' ? [target] : target.answers;
}

/** The right answer, for a metric that knows of one only. @throws RangeError where there are several */
export function onlyAnswer(target: Target): string {
  const [answer, ...others] = answersOf(target);
  if (answer === undefined || others.length > 0) throw new RangeError('this metric needs one right answer an example');
  return answer;
}

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
  /** The lowest score there is, where that is not 0; the highest is 100. */
  readonly lowest?: number;
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

/** The answer given most often; of equally frequent ones the first. */
export function mostFrequentAnswer(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [first, ...others] = counts;
  if (first === undefined) throw new RangeError('no answers to take the most frequent one of');
  return others.reduce((best, entry) => (entry[1] > best[1] ? entry : best), first)[0];
}

/**
 * The metric that always answering with the training set's most frequent answer gets on test targets.
 * @param labels the answers to choose among, where there are such
 */
export function majorityScore(
  metric: Metric,
  { train, test, labels }: { train: readonly string[]; test: readonly Target[]; labels: readonly string[] | undefined },
): number {
  const answer = mostFrequentAnswer(train);
  return metric(
    test.map(() => answer),
    test,
    labels,
  );
}
