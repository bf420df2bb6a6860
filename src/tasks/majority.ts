import type { Metric, Target } from '../metrics/metric.ts';

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
