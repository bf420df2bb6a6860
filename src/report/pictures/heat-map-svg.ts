import { type HeatMap, type HeatMapModule, heatMap } from '../heat-map.ts';
import { stackNames } from '../labels.ts';
import type { Coloured } from '../quantities.ts';
import { keptColour, levelColours, levelOf } from './palette.ts';
import { element, type Markup, picture, text } from './svg.ts';

const size = 16;
const top = 50;
const padding = 12;
const legendLine = 20;
const legendSteps = levelColours.length;
const legendStep = 4;
/** Pixels of the longest bar along an edge. */
const longestBar = 24;
const spentColour = '#8c6bb1';

/** What the picture calls its colour and its outlines, where they say something of several structures. */
export interface HeatMapWords {
  /** Default: what the map's quantity is called. */
  readonly quantity?: string;
  /** Default `kept`. */
  readonly kept?: string;
}

/**
 * The heat map as an SVG picture: a cell a candidate, darker for a larger number, kept modules outlined, hover for its
 * name. Bars along the edges say what is spent in a row and in a layer.
 */
export function heatMapSvg(
  map: HeatMap,
  title: string,
  { quantity: given, kept: keptWord = 'kept' }: HeatMapWords = {},
): string {
  const quantity = given ?? map.quantity.name;
  const told = given !== undefined || map.quantity.isTold ? quantity : undefined;
  // Seven pixels hold a character of the row labels in any common sans-serif of 11 pixels.
  const left = padding + 7 * Math.max(0, ...map.rows.map(row => row.length));
  const [right, bottom] = [left + map.columns.length * size, top + map.rows.length * size];
  const modules = map.cells.flat().filter(module => module !== undefined);
  const spends = modules.some(module => module.kept);
  const edge = spends ? longestBar + 6 : 0;
  const notes = [spends ? 'bars: parameters spent' : '', stackNames(map.columns.map(({ place }) => place))];
  const note = notes.filter(Boolean).join('; ');
  const height = bottom + edge + 14 + legendLine * (note === '' ? 1 : 2);
  const width = Math.max(
    right + edge + padding,
    padding + legendSteps * legendStep + 96 + 6 * quantity.length + 7 * keptWord.length,
    2 * padding + 6.5 * note.length,
    2 * padding + 8 * title.length,
  );
  // Outlines come last, or the next cell would cover a part of them.
  const kept = each(map, (module, x, y) => (module.kept ? [outline(x, y)] : []), left);
  return picture(width, height, title, [
    element('text', { x: padding, y: 18, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...columnLabels(map, left),
    ...map.rows.map((row, index) =>
      element('text', { x: left - 6, y: top + index * size + 12, 'text-anchor': 'end' }, [text(row)]),
    ),
    element(
      'g',
      { class: 'cells' },
      each(map, (module, x, y) => [cell(module, map.maximum, told, x, y)], left),
    ),
    element('g', { class: 'outlines' }, kept),
    ...(spends ? bars(map, left, right, bottom) : []),
    ...legend(map.maximum, quantity, keptWord, bottom + edge + 12),
    ...(note === ''
      ? []
      : [element('text', { x: padding, y: bottom + edge + 22 + legendLine, 'font-size': 10 }, [text(note)])]),
  ]);
}

/** The heat map of a structure, titled by what its colour says. */
export function structureSvg(modules: readonly HeatMapModule[], about: string): string {
  const map = heatMap(modules);
  const { title } = map.quantity;
  return heatMapSvg(map, `${about}: ${title[0]!.toLowerCase()}${title.slice(1)}`);
}

type Draw = (module: Coloured<HeatMapModule>, x: number, y: number) => Markup[];

function each(map: HeatMap, draw: Draw, left: number): Markup[] {
  return map.cells.flatMap((cells, row) =>
    cells.flatMap((module, column) => (module ? draw(module, left + column * size, top + row * size) : [])),
  );
}

/** Names of the layers above the cells that begin `left` pixels from the edge. */
function columnLabels({ columns }: HeatMap, left: number): Markup[] {
  // From `E.10` on a label is wider than its column: turn all of them.
  const isTurned = columns.some(({ label }) => label.length > 3);
  return columns.map(({ label }, index) => {
    const x = left + index * size;
    const turned: Record<string, string> = isTurned
      ? { transform: `rotate(-60 ${x + 8} ${top - 6})`, 'text-anchor': 'start' }
      : { 'text-anchor': 'middle' };
    return element('text', { x: x + size / 2, y: top - 6, 'font-size': 8.5, ...turned }, [text(label)]);
  });
}

/** @param told what its number is called, where that is told */
function cell(
  { site, kind, value, parameters, kept }: Coloured<HeatMapModule>,
  maximum: number,
  told: string | undefined,
  x: number,
  y: number,
): Markup {
  const number = told === undefined ? '' : `${told} = ${value.toFixed(4)}, `;
  const says = `${site} ${kind}: ${number}${parameters} parameters${kept ? ', kept' : ''}`;
  return element('rect', { x, y, width: size - 1, height: size - 1, ...level(levelOf(value, maximum)) }, [
    element('title', {}, [text(says)]),
  ]);
}

/** What is spent in each row, to the right of it, and in each column, below it. */
function bars({ rows, columns, cells }: HeatMap, left: number, right: number, bottom: number): Markup[] {
  const spent = (modules: readonly (HeatMapModule | undefined)[]) =>
    modules.reduce((sum, module) => sum + (module?.kept ? module.parameters : 0), 0);
  const inRows = cells.map(spent);
  const inColumns = columns.map((_, column) => spent(cells.map(row => row[column])));
  const bar = (name: string, value: number, place: Record<string, number>) =>
    element('rect', { ...place, fill: spentColour }, [
      element('title', {}, [text(`${name}: ${value.toLocaleString('en-US')} parameters spent`)]),
    ]);
  const most = [Math.max(...inRows), Math.max(...inColumns)];
  const length = (value: number, direction: 0 | 1) => (longestBar * value) / most[direction]!;
  return [
    element(
      'g',
      { class: 'spent', 'data-by': 'row', 'data-side': 'width', 'data-longest': longestBar },
      inRows.map((value, row) =>
        bar(rows[row]!, value, { x: right + 4, y: top + row * size + 3, width: length(value, 0), height: size - 7 }),
      ),
    ),
    element(
      'g',
      { class: 'spent', 'data-by': 'column', 'data-side': 'height', 'data-longest': longestBar },
      inColumns.map((value, column) =>
        bar(columns[column]!.label, value, {
          ...{ x: left + column * size + 3, y: bottom + 4, width: size - 7, height: length(value, 1) },
        }),
      ),
    ),
  ];
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

function legend(maximum: number, quantity: string, kept: string, y: number): Markup[] {
  const start = padding + 20 + 6 * quantity.length;
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
    element('text', { x: padding, y: y + 10 }, [text(`${quantity}: 0`)]),
    ...ramp,
    element('text', { x: end + 4, y: y + 10, class: 'maximum' }, [text(maximum.toPrecision(2))]),
    outline(end + 44, y - 2),
    element('text', { x: end + 64, y: y + 10 }, [text(kept)]),
  ];
}

/** A module of either of two structures, and which of them keep it. */
export interface SharedModule extends HeatMapModule {
  readonly inA: boolean;
  readonly inB: boolean;
}

/** The candidates of two structures, each once, in the order of the first and then of the second. */
export function sharedModules(a: readonly HeatMapModule[], b: readonly HeatMapModule[]): SharedModule[] {
  const idOf = ({ site, kind }: HeatMapModule) => `${site} ${kind}`;
  const [inA, inB] = [a, b].map(modules => new Set(modules.filter(({ kept }) => kept).map(idOf)));
  const all = new Map([...b, ...a].map(module => [idOf(module), module]));
  const order = new Set([...a, ...b].map(idOf));
  return [...order].map(id => ({ ...all.get(id)!, inA: inA!.has(id), inB: inB!.has(id) }));
}

/** Who keeps a module, in words. */
export function keptByText({ inA, inB }: Pick<SharedModule, 'inA' | 'inB'>): string {
  if (inA && inB) return 'both';
  return inA ? 'only A' : inB ? 'only B' : 'neither';
}

/**
 * Two structures in one map: the upper left half of a cell is filled where A keeps the module, the lower right half
 * where B does. So they are told apart without their colours, too.
 */
export function differenceMapSvg(modules: readonly SharedModule[], title: string): string {
  const map = heatMap(modules);
  const left = padding + 7 * Math.max(0, ...map.rows.map(row => row.length));
  const bottom = top + map.rows.length * size;
  const counts = Map.groupBy(modules, keptByText);
  const samples = (['only A', 'only B', 'both'] as const).map(name => ({
    ...{ name: `${name}: ${counts.get(name)?.length ?? 0}`, inA: name !== 'only B', inB: name !== 'only A' },
  }));
  const note = stackNames(map.columns.map(({ place }) => place));
  const width = Math.max(left + map.columns.length * size + padding, padding + 3 * 84, 2 * padding + 8 * title.length);
  return picture(width, bottom + (note === '' ? 40 : 56), title, [
    element('text', { x: padding, y: 18, 'font-size': 13, 'font-weight': 600, class: 'heading' }, [text(title)]),
    ...columnLabels(map, left),
    ...map.rows.map((row, index) =>
      element('text', { x: left - 6, y: top + index * size + 12, 'text-anchor': 'end' }, [text(row)]),
    ),
    ...map.cells.flatMap((cells, row) =>
      cells.flatMap((module, column) => {
        if (module === undefined) return [];
        const says = `${module.position} ${module.kind}, ${module.layer}: kept by ${keptByText(module)}`;
        return [sharedCell(module, left + column * size, top + row * size, says)];
      }),
    ),
    ...samples.flatMap(({ name, ...sides }, index) => [
      sharedCell(sides, padding + 84 * index, bottom + 14, name),
      element('text', { x: padding + 84 * index + 20, y: bottom + 26 }, [text(name)]),
    ]),
    ...(note === '' ? [] : [element('text', { x: padding, y: bottom + 46, 'font-size': 10 }, [text(note)])]),
  ]);
}

function sharedCell({ inA, inB }: Pick<SharedModule, 'inA' | 'inB'>, x: number, y: number, says: string): Markup {
  const end = size - 1;
  const half = (points: string, hue: number, fill: string) =>
    element('polygon', { points, class: `filled-${hue}`, fill });
  return element('g', {}, [
    element('title', {}, [text(says)]),
    element('rect', { x, y, width: end, height: end, fill: '#eaeef2', class: 'neither' }),
    ...(inA ? [half(`${x},${y} ${x + end},${y} ${x},${y + end}`, 0, '#0072b2')] : []),
    ...(inB ? [half(`${x + end},${y} ${x + end},${y + end} ${x},${y + end}`, 1, '#d55e00')] : []),
  ]);
}
