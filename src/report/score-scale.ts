import type { Interval, SpreadEstimate } from '../core/statistics.ts';

/**
 * What is shown of scores ends where their scale does: Student's t knows no ends, and over few seeds an interval of an
 * accuracy reaches below 0 and above 100. Nothing is judged by what is cut here.
 */
export function onScale(interval: Interval, scale: Interval | undefined): Interval {
  if (scale === undefined) return interval;
  return { low: cut(interval.low, scale), high: cut(interval.high, scale) };
}

/** The same of a difference of two scores. */
export function differenceOnScale(interval: Interval, scale: Interval | undefined): Interval {
  if (scale === undefined) return interval;
  const width = scale.high - scale.low;
  return onScale(interval, { low: -width, high: width });
}

/** The same of a standard deviation of scores with that mean: no larger one is possible (Bhatia and Davis 2000). */
export function deviationOnScale({ sd, low, high }: SpreadEstimate, mean: number, scale: Interval): SpreadEstimate {
  const most = Math.sqrt(Math.max(0, (scale.high - mean) * (mean - scale.low)));
  return { sd: Math.min(sd, most), low: Math.min(low, most), high: Math.min(high, most) };
}

const cut = (value: number, { low, high }: Interval) => Math.max(low, Math.min(high, value));
