import { type TextExample, targetOf } from '../data/encode.ts';
import { type MetricName, metrics } from '../metrics/metrics.ts';

/** The target seen most often; of equally frequent ones the first. */
export function mostFrequentTarget(examples: readonly TextExample[]): string {
  const counts = new Map<string, number>();
  for (const { target } of examples) counts.set(target, (counts.get(target) ?? 0) + 1);
  const [first, ...others] = counts;
  if (first === undefined) throw new RangeError('no examples to take the most frequent target of');
  return others.reduce((best, entry) => (entry[1] > best[1] ? entry : best), first)[0];
}

/** The metric that always answering with the training set's most frequent target gets on `test`. */
export function majorityScore(
  task: { readonly metric: MetricName; readonly labels: readonly string[] | undefined },
  train: readonly TextExample[],
  test: readonly TextExample[],
): number {
  const answer = mostFrequentTarget(train);
  return metrics[task.metric](
    test.map(() => answer),
    test.map(targetOf),
    task.labels,
  );
}
