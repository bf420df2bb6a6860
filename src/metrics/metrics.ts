import { accuracy } from './accuracy.ts';
import { exactMatch } from './exact-match.ts';
import { f1 } from './f1.ts';
import { groupAccuracy } from './group-accuracy.ts';
import { matthews } from './matthews.ts';
import type { Metric } from './metric.ts';
import { pearson } from './pearson.ts';
import { tokenF1 } from './token-f1.ts';

/** Every metric by the name task files use. To add one: a file of its own, and a line here. */
export const metrics = {
  accuracy,
  f1,
  matthews,
  pearson,
  'token-f1': tokenF1,
  'exact-match': exactMatch,
  'group-accuracy': groupAccuracy,
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** Metrics that judge a prediction by the one right answer of its example; the others take any of several. */
export const oneAnswerMetrics: readonly MetricName[] = ['f1', 'matthews', 'pearson'];
