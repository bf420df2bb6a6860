import { element, type Markup, picture, text } from './svg.ts';

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

const width = 420;
const height = 200;
const area = { left: 48, right: 408, top: 32, bottom: 168 };
const legendHeight = 16;
const sampleWidth = 28;

/**
 * Okabe and Ito's colours, told apart with any colour vision (https://jfly.uni-koeln.de/color/), those that are
 * readable on white. Dashes tell the curves apart where colours do not.
 */
export const curveColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#7a5a00', '#3a3f46'] as const;
/** The same where the ground is dark: others of theirs for those that would not be seen. */
export const darkCurveColours = ['#56b4e9', '#d55e00', '#009e73', '#cc79a7', '#f0e442', '#dfe5ec'] as const;
const dashes = ['', '7 3', '2 3', '9 3 2 3', '4 4', '12 4'] as const;

/** How a curve is drawn. */
export interface CurveLine {
  /** Index of its colour: pages have it as `--series-0`, … and give it to the class `series-0`, …. */
  readonly hue: number;
  /** As SVG has it: lengths of strokes and gaps in pixels, empty for an unbroken line. */
  readonly dash: string;
}

/** Where the colours begin again, they come with other dashes: 36 curves differ. */
export function curveLine(index: number): CurveLine {
  const round = Math.floor(index / curveColours.length);
  return { hue: index % curveColours.length, dash: dashes[(index + round) % dashes.length]! };
}

/** Pixels that `curvesSvg` takes for so many curves. */
export function curvesSize(curves: number): { readonly width: number; readonly height: number } {
  return { width, height: height + (curves > 1 ? curves * legendHeight : 0) };
}

/**
 * A measured quantity over the steps of a stage: of one training or of several, with a line of legend for each where
 * there is more than one. Points that are no numbers are left out. `along` names what `step` counts.
 */
export function curvesSvg(title: string, series: readonly Series[], along = 'step'): string {
  const drawn = series.map(({ name, points }) => ({
    name,
    points: points.filter(({ value }) => Number.isFinite(value)),
  }));
  const all = drawn.flatMap(({ points }) => points);
  const heading = element('text', { x: area.left, y: 18, 'font-size': 13, 'font-weight': 600, class: 'heading' }, [
    text(title),
  ]);
  const size = curvesSize(series.length);
  if (all.length === 0) return picture(size.width, size.height, title, [heading]);

  const lastStep = Math.max(1, ...all.map(({ step }) => step));
  const [low, high] = span(all.map(({ value }) => value));
  const x = (step: number) => area.left + (step / lastStep) * (area.right - area.left);
  const y = (value: number) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
  const legend = series.length > 1 ? drawn.flatMap(({ name }, index) => legendLine(name, index)) : [];

  return picture(size.width, size.height, title, [
    heading,
    ...[low, (low + high) / 2, high].flatMap(value => gridLine(value, y(value))),
    ...[0, lastStep].map(step => label(String(step), x(step), area.bottom + 16, step === 0 ? 'start' : 'end')),
    label(along, (area.left + area.right) / 2, area.bottom + 16, 'middle'),
    ...drawn.flatMap(({ points }, index) => curve(points, index, x, y, along)),
    ...legend,
  ]);
}

type Scale = (value: number) => number;

function curve(points: readonly CurvePoint[], index: number, x: Scale, y: Scale, along: string): Markup[] {
  const place = ({ step, value }: CurvePoint) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`;
  const { fill, ...line } = looks(index);
  return [
    element('polyline', { points: points.map(place).join(' '), ...line, fill: 'none' }),
    ...points.map(point =>
      element('circle', { cx: x(point.step), cy: y(point.value), r: 2.5, class: line.class, fill }, [
        element('title', {}, [text(`${along} ${point.step}: ${point.value.toPrecision(4)}`)]),
      ]),
    ),
  ];
}

function looks(index: number) {
  const { hue, dash } = curveLine(index);
  const colour = curveColours[hue]!;
  return {
    ...{ stroke: colour, fill: colour, 'stroke-width': 1.5, class: `series-${hue}` },
    ...(dash !== '' && { 'stroke-dasharray': dash }),
  };
}

function legendLine(name: string, index: number): Markup[] {
  const y = height + legendHeight * index;
  return [sample(index, area.left, y - 4), label(name, area.left + 36, y, 'start')];
}

function sample(index: number, x: number, y: number): Markup {
  return element('line', { x1: x, x2: x + sampleWidth, y1: y, y2: y, ...looks(index) });
}

/** A piece of a curve, for a legend beside text that says what it is. */
export function curveSample(index: number): Markup {
  return element('svg', { width: sampleWidth, height: 8, 'aria-hidden': 'true' }, [sample(index, 0, 4)]);
}

/** Smallest and largest value, a little apart where they are equal. */
function span(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function gridLine(value: number, y: number): Markup[] {
  return [
    element('line', { x1: area.left, x2: area.right, y1: y, y2: y, stroke: '#d0d7de', class: 'grid' }),
    label(value.toPrecision(3), area.left - 6, y + 4, 'end'),
  ];
}

function label(content: string, x: number, y: number, anchor: string): Markup {
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
}
