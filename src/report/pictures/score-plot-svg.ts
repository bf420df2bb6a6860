import { count } from '../../core/format.ts';
import { errorBar, gridLines, legend, scoreAxis, seedDots, seriesStyle } from '../series.ts';
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

const area = { left: 56, right: 500, top: 40, bottom: 300 };
const legendLeft = area.right + 24;

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
  const { y, ticks } = scoreAxis([...scores, ...held.map(({ value }) => value)], area.bottom, area.top);
  const exponents = points.map(point => Math.log10(point.parameters));
  const [low, high] = [Math.min(...exponents) - 0.15, Math.max(...exponents) + 0.15];
  const x = (parameters: number) =>
    area.left + ((Math.log10(parameters) - low) / (high - low)) * (area.right - area.left);
  const names = series.map(each => each.name);
  const width = legendLeft + 24 + 7 * Math.max(...names.map(name => name.length));
  return picture(width, Math.max(area.bottom + 48, area.top + 18 * names.length + 12), title, [
    element('text', { x: area.left, y: 20, 'font-size': 13, 'font-weight': 600, class: 'heading' }, [text(title)]),
    ...gridLines(ticks, y, area.left, area.right),
    ...logarithmicTicks(low, high).flatMap(value => tick(value, x(value))),
    label('trainable parameters, logarithmic', (area.left + area.right) / 2, area.bottom + 36, 'middle'),
    label(metric, 10, area.top - 6, 'start'),
    ...held.flatMap(({ name, value }) => baselineMark(name, y(value))),
    ...series.flatMap(({ name, points: own }, index) => drawSeries(name, own, index, x, y)),
    ...legend(names, legendLeft, area.top + 6),
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
        x1: area.left,
        x2: area.right,
        y1: y,
        y2: y,
        stroke: '#57606a',
        'stroke-dasharray': '4 3',
      },
    }),
    label(name, area.right - 4, y - 4, 'end'),
  ];
}

function tick(value: number, x: number): Markup[] {
  return [
    element('line', { x1: x, x2: x, y1: area.top, y2: area.bottom, stroke: '#eaeef2', class: 'grid' }),
    label(count(value), x, area.bottom + 16, 'middle'),
  ];
}

function label(content: string, x: number, y: number, anchor: string): Markup {
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
}
