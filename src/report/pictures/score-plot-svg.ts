import { count } from '../../core/format.ts';
import { errorBar, gridLines, legend, scoreAxis, seriesStyle } from '../series.ts';
import { element, type Markup, picture, text } from './svg.ts';

/** One point: mean and standard deviation of a score at a number of trainable parameters. */
interface ScorePoint {
  readonly parameters: number;
  readonly mean: number;
  readonly sd: number | null;
}

export interface ScoreSeries {
  readonly name: string;
  readonly points: readonly ScorePoint[];
}

const area = { left: 56, right: 500, top: 40, bottom: 300 };
const legendLeft = area.right + 24;

/**
 * Score against trainable parameters, on a logarithmic scale: the form of the paper's figure 2. Whiskers are ± one sd.
 */
export function scorePlotSvg(title: string, metric: string, series: readonly ScoreSeries[]): string {
  const points = series.flatMap(each => each.points);
  const { y, ticks } = scoreAxis(points.flatMap(limits), area.bottom, area.top);
  const exponents = points.map(point => Math.log10(point.parameters));
  const [low, high] = [Math.min(...exponents) - 0.15, Math.max(...exponents) + 0.15];
  const x = (parameters: number) =>
    area.left + ((Math.log10(parameters) - low) / (high - low)) * (area.right - area.left);
  const names = series.map(each => each.name);
  const width = legendLeft + 24 + 7 * Math.max(...names.map(name => name.length));
  return picture(width, Math.max(area.bottom + 48, area.top + 18 * names.length + 12), title, [
    element('text', { x: area.left, y: 20, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...gridLines(ticks, y, area.left, area.right),
    ...powersOfTen(low, high).flatMap(power => tick(power, x(power))),
    label('trainable parameters', (area.left + area.right) / 2, area.bottom + 36, 'middle'),
    label(metric, 10, area.top - 6, 'start'),
    ...series.flatMap(({ name, points: own }, index) => drawSeries(name, own, index, x, y)),
    ...legend(names, legendLeft, area.top + 6),
  ]);
}

function limits({ mean, sd }: ScorePoint): [number, number] {
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
    ...sorted.map(point =>
      mark(
        x(point.parameters),
        y(point.mean),
        `${name}, ${count(Math.round(point.parameters))} parameters: ${point.mean.toFixed(2)}`,
      ),
    ),
  ];
}

/** Powers of ten between two exponents; where there is none, the two ends. */
function powersOfTen(low: number, high: number): number[] {
  const first = Math.ceil(low);
  const powers = Array.from({ length: Math.max(0, Math.floor(high) - first + 1) }, (_, i) => 10 ** (first + i));
  return powers.length > 0 ? powers : [10 ** low, 10 ** high].map(value => Number(value.toPrecision(2)));
}

function tick(value: number, x: number): Markup[] {
  return [
    element('line', { x1: x, x2: x, y1: area.top, y2: area.bottom, stroke: '#eaeef2' }),
    label(count(value), x, area.bottom + 16, 'middle'),
  ];
}

function label(content: string, x: number, y: number, anchor: string): Markup {
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
}
