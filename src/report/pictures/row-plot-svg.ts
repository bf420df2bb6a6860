import { element, type Markup, text } from './svg.ts';

const width = 200;
const height = 22;
const inset = 6;

export interface RowPlot {
  /** Scores at the two ends, the same for every row of a table. */
  readonly range: readonly [low: number, high: number];
  /** Where a line stands in every row. */
  readonly baseline: number;
  readonly mean?: number;
  readonly sd?: number | null;
  /** One a seed. */
  readonly scores?: readonly number[];
}

/** A method's scores in its row of a table: a dot for the mean, a whisker of ± one sd, small dots for the seeds. */
export function rowPlotSvg(name: string, { range: [low, high], baseline, mean, sd, scores = [] }: RowPlot): Markup {
  const x = (score: number) => inset + ((score - low) / (high - low)) * (width - 2 * inset);
  const line = (from: number, to: number, y1: number, y2: number, looks: Record<string, string | number>) =>
    element('line', { x1: x(from), x2: x(to), y1, y2, ...looks });
  const middle = height / 2;
  const whisker = { class: 'series-0', stroke: '#0072b2', 'stroke-width': 1.5 };
  const drawn =
    mean === undefined
      ? []
      : [
          ...(sd ? [line(mean - sd, mean + sd, middle, middle, whisker)] : []),
          ...scores.map(value =>
            element('circle', {
              class: 'seed',
              cx: x(value),
              cy: middle,
              r: 2.2,
              fill: '#57606a',
              'fill-opacity': 0.55,
            }),
          ),
          element('circle', { class: 'series-0', cx: x(mean), cy: middle, r: 5, fill: '#0072b2' }),
        ];
  return element(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true', class: 'row-plot' },
    [
      element('title', {}, [text(name)]),
      line(baseline, baseline, 0, height, { class: 'baseline', stroke: '#57606a', 'stroke-dasharray': '3 2' }),
      ...drawn,
    ],
  );
}
