import type { HeatMap, HeatMapModule } from '../heat-map.ts';
import { keptColour, levelColours, levelOf } from './palette.ts';
import { element, type Markup, picture, text } from './svg.ts';

const size = 16;
const top = 50;
const padding = 12;
const legendHeight = 40;
const legendSteps = levelColours.length;
const legendStep = 4;

/**
 * The heat map as an SVG picture: a cell a candidate, darker for a larger p, kept modules outlined, hover for its name.
 */
export function heatMapSvg(map: HeatMap, title: string, quantity = 'p'): string {
  // Seven pixels hold a character of the row labels in any common sans-serif of 11 pixels.
  const left = padding + 7 * Math.max(0, ...map.rows.map(row => row.length));
  const bottom = top + map.rows.length * size;
  const needed = [
    left + map.columns.length * size + padding,
    padding + legendSteps * legendStep + 124 + 6 * quantity.length,
  ];
  const width = Math.max(...needed, 2 * padding + 8 * title.length);
  // Outlines come last, or the next cell would cover a part of them.
  const kept = each(map, (module, x, y) => (module.kept ? [outline(x, y)] : []), left);
  return picture(width, bottom + legendHeight, title, [
    element('text', { x: padding, y: 18, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...columnLabels(map, left),
    ...map.rows.map((row, index) =>
      element('text', { x: left - 6, y: top + index * size + 12, 'text-anchor': 'end' }, [text(row)]),
    ),
    element(
      'g',
      { class: 'cells' },
      each(map, (module, x, y) => [cell(module, map.maximum, quantity, x, y)], left),
    ),
    element('g', { class: 'outlines' }, kept),
    ...legend(map.maximum, quantity, padding, bottom + 14),
  ]);
}

function each(map: HeatMap, draw: (module: HeatMapModule, x: number, y: number) => Markup[], left: number): Markup[] {
  return map.cells.flatMap((cells, row) =>
    cells.flatMap((module, column) => (module ? draw(module, left + column * size, top + row * size) : [])),
  );
}

function columnLabels({ columns }: HeatMap, left: number): Markup[] {
  // From `E.10` on a label is wider than its column: turn all of them.
  const isTurned = columns.some(({ label }) => label.length > 3);
  return columns.map(({ label }, index) => {
    const x = left + index * size;
    const turned: Record<string, string> = isTurned
      ? { transform: `rotate(-60 ${x + 8} ${top - 6})`, 'text-anchor': 'start' }
      : { 'text-anchor': 'middle' };
    return element('text', { x: x + size / 2, y: top - 6, 'font-size': 9, ...turned }, [text(label)]);
  });
}

function cell(module: HeatMapModule, maximum: number, quantity: string, x: number, y: number): Markup {
  const { site, kind, p, parameters, kept } = module;
  const says = `${site} ${kind}: ${quantity} = ${p.toFixed(4)}, ${parameters} parameters${kept ? ', kept' : ''}`;
  return element('rect', { x, y, width: size - 1, height: size - 1, ...level(levelOf(p, maximum)) }, [
    element('title', {}, [text(says)]),
  ]);
}

function level(index: number) {
  return { class: `level level-${index}`, fill: levelColours[index]! };
}

function outline(x: number, y: number): Markup {
  const inside = size - 3;
  return element('rect', {
    ...{ x: x + 1, y: y + 1, width: inside, height: inside },
    ...{ fill: 'none', stroke: keptColour, 'stroke-width': 2.5, 'pointer-events': 'none' },
    class: 'kept',
  });
}

function legend(maximum: number, quantity: string, left: number, y: number): Markup[] {
  const start = left + 20 + 6 * quantity.length;
  const ramp = Array.from({ length: legendSteps }, (_, index) =>
    element('rect', {
      x: start + index * legendStep,
      y,
      width: legendStep,
      height: 12,
      ...level(index),
    }),
  );
  const end = start + legendSteps * legendStep;
  return [
    element('text', { x: left, y: y + 10 }, [text(`${quantity}: 0`)]),
    ...ramp,
    element('text', { x: end + 4, y: y + 10, class: 'maximum' }, [text(maximum.toPrecision(2))]),
    outline(end + 44, y - 2),
    element('text', { x: end + 64, y: y + 10 }, [text('kept')]),
  ];
}
