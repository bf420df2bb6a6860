import { count } from '../../core/format.ts';
import { mean } from '../../core/statistics.ts';
import { errorBar, gridLines, legend, scoreAxis, seedDots, seriesStyle } from '../series.ts';
import type { Spread } from '../spread.ts';
import { element, type Markup, picture, text } from './svg.ts';

/** One point: mean and standard deviation of a score at a number of trainable parameters. */
interface ScorePoint {
  readonly parameters: number;
  readonly mean: number;
  readonly sd: number | null;
  /** Whiskers where there is no sd. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** One a seed, drawn as small dots. */
  readonly scores?: readonly number[];
}

export interface ScoreSeries {
  readonly name: string;
  readonly points: readonly ScorePoint[];
}

const plotArea = { left: 56, right: 500, top: 40, bottom: 300 };
const legendLeft = plotArea.right + 24;

/** A score that everything is held against, drawn as a line. */
interface Baseline {
  readonly name: string;
  readonly value: number;
}

/**
 * Score against trainable parameters, on a logarithmic scale: the form of the paper's figure 2. Whiskers are ± one sd,
 * of a single seed the interval of its score; small dots the seeds.
 */
export function scorePlotSvg(
  title: string,
  metric: string,
  series: readonly ScoreSeries[],
  baseline?: Baseline,
): string {
  const points = series.flatMap(each => each.points);
  const held = baseline !== undefined && Number.isFinite(baseline.value) ? [baseline] : [];
  const scores = [...points.flatMap(limits), ...points.flatMap(point => point.scores ?? [])];
  const { y, ticks } = scoreAxis([...scores, ...held.map(({ value }) => value)], plotArea.bottom, plotArea.top);
  const exponents = points.map(point => Math.log10(point.parameters));
  const [low, high] = [Math.min(...exponents) - 0.15, Math.max(...exponents) + 0.15];
  const x = (parameters: number) =>
    plotArea.left + ((Math.log10(parameters) - low) / (high - low)) * (plotArea.right - plotArea.left);
  const names = series.map(each => each.name);
  const width = legendLeft + 24 + 7 * Math.max(...names.map(name => name.length));
  return picture(width, Math.max(plotArea.bottom + 48, plotArea.top + 18 * names.length + 12), title, [
    element('text', { x: plotArea.left, y: 20, 'font-size': 13, 'font-weight': 600, class: 'heading' }, [text(title)]),
    ...gridLines(ticks, y, plotArea.left, plotArea.right),
    ...logarithmicTicks(low, high).flatMap(value => tick(value, x(value))),
    label('trainable parameters, logarithmic', (plotArea.left + plotArea.right) / 2, plotArea.bottom + 36, 'middle'),
    label(metric, 10, plotArea.top - 6, 'start'),
    ...held.flatMap(({ name, value }) => baselineMark(name, y(value))),
    ...series.flatMap(({ name, points: own }, index) => drawSeries(name, own, index, x, y)),
    ...legend(names, legendLeft, plotArea.top + 6),
  ]);
}

function limits({ mean, sd, interval }: ScorePoint): [number, number] {
  if (sd === null && interval !== undefined) return [interval.low, interval.high];
  return [mean - (sd ?? 0), mean + (sd ?? 0)];
}

function drawSeries(
  name: string,
  points: readonly ScorePoint[],
  index: number,
  x: (parameters: number) => number,
  y: (score: number) => number,
): Markup[] {
  const { colour, mark } = seriesStyle(index);
  const sorted = points.toSorted((a, b) => a.parameters - b.parameters);
  const line = sorted.map(point => `${x(point.parameters).toFixed(1)},${y(point.mean).toFixed(1)}`).join(' ');
  return [
    ...(sorted.length > 1
      ? [element('polyline', { points: line, fill: 'none', stroke: colour, 'stroke-width': 1.5 })]
      : []),
    ...sorted.flatMap(point => errorBar(x(point.parameters), y(limits(point)[0]), y(limits(point)[1]), colour)),
    ...sorted.flatMap(({ parameters, scores }) => seedDots(x(parameters), scores, y, colour)),
    ...sorted.map(point =>
      mark(
        x(point.parameters),
        y(point.mean),
        `${name}, ${count(Math.round(point.parameters))} parameters: ${point.mean.toFixed(2)}`,
      ),
    ),
  ];
}

/** Round numbers between two exponents: powers of ten where there are several, else what lies between them, too. */
export function logarithmicTicks(low: number, high: number): number[] {
  const exponents = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const within = (factors: readonly number[]) =>
    exponents
      .flatMap(exponent => factors.map(factor => Number((factor * 10 ** exponent).toPrecision(2))))
      .filter(value => Math.log10(value) >= low && Math.log10(value) <= high);
  const choices = [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]].map(within);
  return choices.find((ticks, index) => ticks.length >= (index === 0 ? 3 : 2)) ?? choices.at(-1)!;
}

function baselineMark(name: string, y: number): Markup[] {
  return [
    element('line', {
      ...{
        class: 'baseline',
        x1: plotArea.left,
        x2: plotArea.right,
        y1: y,
        y2: y,
        stroke: '#57606a',
        'stroke-dasharray': '4 3',
      },
    }),
    label(name, plotArea.right - 4, y - 4, 'end'),
  ];
}

function tick(value: number, x: number): Markup[] {
  return [
    element('line', { x1: x, x2: x, y1: plotArea.top, y2: plotArea.bottom, stroke: '#eaeef2', class: 'grid' }),
    label(count(value), x, plotArea.bottom + 16, 'middle'),
  ];
}

function label(content: string, x: number, y: number, anchor: string): Markup {
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
}

interface CategoryScore {
  readonly mean: number;
  readonly sd: number | null;
  /** One a seed, drawn as small dots. */
  readonly scores?: readonly number[];
}

/** A series of scores, one a category; null where it has none there. */
export interface CategorySeries {
  readonly name: string;
  readonly values: readonly (CategoryScore | null)[];
}

const left = 56;
const top = 40;
const bottom = 300;
const markWidth = 13;
const gap = 26;

/**
 * Scores side by side, a group a category (a task): the form of the paper's figure 8. Whiskers are ± one sd, small dots
 * the seeds.
 */
export function categoryPlotSvg(
  title: string,
  categories: readonly string[],
  series: readonly CategorySeries[],
): string {
  const given = series.flatMap(({ values }) => values.flatMap(value => value ?? []));
  const { y, ticks } = scoreAxis(
    given.flatMap(({ mean, sd, scores = [] }) => [mean - (sd ?? 0), mean + (sd ?? 0), ...scores]),
    bottom,
    top,
  );
  const groupWidth = Math.max(series.length * markWidth, 8 * Math.max(...categories.map(name => name.length))) + gap;
  const right = left + categories.length * groupWidth;
  const names = series.map(({ name }) => name);
  const width = right + 44 + 7 * Math.max(...names.map(name => name.length));
  const middle = (category: number) => left + (category + 0.5) * groupWidth;
  const place = (category: number, index: number) => middle(category) + (index - (series.length - 1) / 2) * markWidth;
  return picture(width, Math.max(bottom + 32, top + 18 * names.length + 12), title, [
    element('text', { x: left, y: 20, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...gridLines(ticks, y, left, right),
    ...categories.map((name, category) =>
      element('text', { x: middle(category), y: bottom + 18, 'text-anchor': 'middle' }, [text(name)]),
    ),
    ...series.flatMap(({ name, values }, index) =>
      values.flatMap((value, category): Markup[] => {
        if (value === null) return [];
        const { colour, mark } = seriesStyle(index);
        const x = place(category, index);
        const bar = errorBar(x, y(value.mean - (value.sd ?? 0)), y(value.mean + (value.sd ?? 0)), colour);
        return [
          ...bar,
          ...seedDots(x, value.scores, y, colour),
          mark(x, y(value.mean), `${categories[category]}, ${name}: ${value.mean.toFixed(2)}`),
        ];
      }),
    ),
    ...legend(names, right + 20, top + 6),
  ]);
}

const area = { left: 56, top: 40, bottom: 260 };
const columnWidth = 34;

/**
 * A dot a structure, in the order of their scores: its mean test score over the seeds, with whiskers from the worst
 * seed to the best. The dashed line is the mean of all.
 */
export function spreadPlotSvg({ task, budget, metric, structures, test }: Spread): string {
  const title = `Random structures at ${budget} on ${task}`;
  const sorted = structures.toSorted((a, b) => mean(a.tests) - mean(b.tests));
  const right = area.left + columnWidth * Math.max(6, sorted.length);
  const { y, ticks } = scoreAxis(
    sorted.flatMap(({ tests }) => tests),
    area.bottom,
    area.top,
  );
  const { colour, mark } = seriesStyle(0);
  const label = (content: string, x: number, at: number, anchor: string) =>
    element('text', { x, y: at, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
  return picture(right + 24, area.bottom + 48, title, [
    element('text', { x: area.left, y: 20, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...gridLines(ticks, y, area.left, right),
    label(`test ${metric}`, 10, area.top - 6, 'start'),
    label('structure', (area.left + right) / 2, area.bottom + 36, 'middle'),
    ...(test === undefined
      ? []
      : [
          element('line', {
            ...{ x1: area.left, x2: right, y1: y(test.mean), y2: y(test.mean) },
            ...{ stroke: '#57606a', 'stroke-dasharray': '5 4' },
          }),
        ]),
    ...sorted.flatMap(({ structure, tests, parameters }, index) => {
      const x = area.left + columnWidth * (index + 0.5);
      const says = `structure ${structure}, ${parameters} parameters: ${tests.map(each => each.toFixed(2)).join(', ')}`;
      return [
        ...errorBar(x, y(Math.min(...tests)), y(Math.max(...tests)), colour),
        mark(x, y(mean(tests)), says),
        label(String(structure), x, area.bottom + 16, 'middle'),
      ];
    }),
  ]);
}

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
