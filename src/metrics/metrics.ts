import { unknownName } from '../core/checked-values.ts';
import { accuracy, f1, groupAccuracy, macroF1, matthews } from './class-metrics.ts';
import { pearson, pearsonSpearman, spearman } from './correlation.ts';
import type { Metric } from './metric.ts';
import { exactMatch, rougeL, tokenF1 } from './text-overlap.ts';

/** Metrics by the names that tasks use. */
export type Metrics = Readonly<Record<string, Metric>>;

/** Every metric that comes with the package. To add one: a file of its own, and a line here. */
export const metrics = {
  accuracy,
  f1,
  'macro-f1': macroF1,
  matthews,
  pearson,
  spearman,
  'pearson-spearman': pearsonSpearman,
  'exact-match': exactMatch,
  'token-f1': tokenF1,
  'rouge-l': rougeL,
  'group-accuracy': groupAccuracy,
} as const satisfies Metrics;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** The metric of that name. InputError, with the nearest, where there is none. */
export function metricNamed(name: string, known: Metrics = metrics): Metric {
  if (!Object.hasOwn(known, name)) throw unknownName('metric', name, Object.keys(known));
  return known[name]!;
}

/** The lowest and the highest score of a metric; of one that is not known, as a plugin's, the lowest of any. */
export function scaleOf(name: string, known: Metrics = metrics): { readonly low: number; readonly high: number } {
  const { lowest = 0 } = Object.hasOwn(known, name) ? known[name]! : { lowest: -100 };
  return { low: lowest, high: 100 };
}

/** `accuracy (share of right answers), f1 (…)`: what a help text says of them. */
export function describeMetrics(known: Metrics = metrics): string {
  return Object.entries(known)
    .map(([name, { description }]) => (description === undefined ? name : `${name} (${description})`))
    .join(', ');
}
