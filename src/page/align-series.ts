import type { Series } from '../report/pictures/curve-svg.ts';

/** Columns as the chart wants them: all steps, then a row of values a series, null where it has none. */
export function alignSeries(series: readonly Series[]): (number | null)[][] {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
  const rows = series.map(({ points }) => {
    const values = new Map(points.map(({ step, value }) => [step, Number.isFinite(value) ? value : null]));
    return steps.map(step => values.get(step) ?? null);
  });
  return [steps, ...rows];
}
