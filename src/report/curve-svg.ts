import { keptColour } from './palette.ts';
import { element, type Markup, picture, text } from './svg.ts';

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

const width = 420;
const height = 200;
const area = { left: 48, right: 408, top: 32, bottom: 168 };

/** One measured quantity over the steps of a stage. Points that are no numbers are left out. */
export function curveSvg(title: string, points: readonly CurvePoint[]): string {
  const finite = points.filter(point => Number.isFinite(point.value));
  const heading = element('text', { x: area.left, y: 18, 'font-size': 13, 'font-weight': 600 }, [text(title)]);
  if (finite.length === 0) return picture(width, height, title, [heading]);

  const lastStep = Math.max(1, ...finite.map(point => point.step));
  const [low, high] = span(finite.map(point => point.value));
  const x = (step: number) => area.left + (step / lastStep) * (area.right - area.left);
  const y = (value: number) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);

  return picture(width, height, title, [
    heading,
    ...[low, (low + high) / 2, high].flatMap(value => gridLine(value, y(value))),
    ...[0, lastStep].map(step => label(String(step), x(step), area.bottom + 16, step === 0 ? 'start' : 'end')),
    label('step', (area.left + area.right) / 2, area.bottom + 16, 'middle'),
    element('polyline', {
      points: finite.map(point => `${x(point.step).toFixed(1)},${y(point.value).toFixed(1)}`).join(' '),
      ...{ fill: 'none', stroke: '#225ea8', 'stroke-width': 1.5 },
    }),
    ...finite.map(point =>
      element('circle', { cx: x(point.step), cy: y(point.value), r: 2.5, fill: keptColour }, [
        element('title', {}, [text(`step ${point.step}: ${point.value.toPrecision(4)}`)]),
      ]),
    ),
  ]);
}

/** Smallest and largest value, a little apart where they are equal. */
function span(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function gridLine(value: number, y: number): Markup[] {
  return [
    element('line', { x1: area.left, x2: area.right, y1: y, y2: y, stroke: '#d0d7de' }),
    label(value.toPrecision(3), area.left - 6, y + 4, 'end'),
  ];
}

function label(content: string, x: number, y: number, anchor: string): Markup {
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
}
