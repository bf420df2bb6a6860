import { element, type Markup, text } from './pictures/svg.ts';

/** Okabe and Ito's colours, told apart with any colour vision; yellow is left out, it does not show on white. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#6e7781'];

/** Colour and shape of a series: shapes go on where colours begin again. */
export interface SeriesStyle {
  readonly colour: string;
  /** The mark around a point, at most ten pixels wide. */
  mark(x: number, y: number, says: string): Markup;
}

export function seriesStyle(index: number): SeriesStyle {
  const colour = colours[index % colours.length]!;
  const shape = shapes[Math.floor(index / colours.length + index) % shapes.length]!;
  return { colour, mark: (x, y, says) => shape(x, y, colour, [element('title', {}, [text(says)])]) };
}

type Shape = (x: number, y: number, fill: string, children: readonly Markup[]) => Markup;

const polygon = (points: string, fill: string, children: readonly Markup[]) =>
  element('polygon', { points, fill }, children);

const shapes: readonly Shape[] = [
  (x, y, fill, children) => element('circle', { cx: x, cy: y, r: 4.5, fill }, children),
  (x, y, fill, children) => element('rect', { x: x - 4, y: y - 4, width: 8, height: 8, fill }, children),
  (x, y, fill, children) => polygon(`${x},${y - 5} ${x + 5},${y + 4} ${x - 5},${y + 4}`, fill, children),
  (x, y, fill, children) => polygon(`${x},${y - 5} ${x + 5},${y} ${x},${y + 5} ${x - 5},${y}`, fill, children),
  (x, y, fill, children) => polygon(`${x},${y + 5} ${x + 5},${y - 4} ${x - 5},${y - 4}`, fill, children),
];

/** A line of mean ± standard deviation; nothing where there is none. */
export function errorBar(x: number, low: number, high: number, colour: string): Markup[] {
  if (low === high) return [];
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    element('line', { x1, y1, x2, y2, stroke: colour, 'stroke-width': 1.2 });
  return [line(x, low, x, high), line(x - 3, low, x + 3, low), line(x - 3, high, x + 3, high)];
}

/** A small dot a seed, behind the mark of their mean. */
export function seedDots(
  x: number,
  scores: readonly number[] | undefined,
  y: (value: number) => number,
  fill: string,
): Markup[] {
  return (scores ?? [])
    .filter(Number.isFinite)
    .map(value => element('circle', { class: 'seed', cx: x, cy: y(value), r: 2, fill, 'fill-opacity': 0.5 }));
}

/** Names of the series beside their marks, one below the other. */
export function legend(names: readonly string[], x: number, y: number): Markup[] {
  return names.flatMap((name, index) => [
    seriesStyle(index).mark(x, y + 18 * index, name),
    element('text', { x: x + 12, y: y + 18 * index + 4 }, [text(name)]),
  ]);
}

/** Two ends a little beyond the smallest and the largest of some values; what is no number does not count. */
export function scoreRange(values: readonly number[]): [low: number, high: number] {
  const given = values.filter(Number.isFinite);
  if (given.length === 0) return [0, 100];
  const [low, high] = [Math.min(...given), Math.max(...given)];
  const margin = Math.max(0.5, 0.06 * (high - low));
  return [low - margin, high + margin];
}

/** A scale of values between two ends, a little beyond the smallest and the largest of them. */
export function scoreAxis(values: readonly number[], bottom: number, top: number) {
  const [start, end] = scoreRange(values);
  const y = (value: number) => bottom - ((value - start) / (end - start)) * (bottom - top);
  const step = [1, 2, 5, 10, 20, 50].find(size => (end - start) / size <= 7) ?? 100;
  const ticks: number[] = [];
  for (let tick = Math.ceil(start / step) * step; tick <= end; tick += step) ticks.push(tick);
  return { y, ticks };
}

/** Horizontal lines with the values they stand for. */
export function gridLines(
  ticks: readonly number[],
  y: (value: number) => number,
  left: number,
  right: number,
): Markup[] {
  return ticks.flatMap(tick => [
    element('line', { x1: left, x2: right, y1: y(tick), y2: y(tick), stroke: '#d0d7de', class: 'grid' }),
    element('text', { x: left - 6, y: y(tick) + 4, 'text-anchor': 'end', 'font-size': 10 }, [text(String(tick))]),
  ]);
}
