import { type HeatMapModule, heatMap } from '../heat-map.ts';
import { stackNames } from '../labels.ts';
import { columnLabels } from './heat-map-svg.ts';
import { element, type Markup, picture, text } from './svg.ts';

const size = 16;
const top = 50;
const padding = 12;

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
        return [cell(module, left + column * size, top + row * size, says)];
      }),
    ),
    ...samples.flatMap(({ name, ...sides }, index) => [
      cell(sides, padding + 84 * index, bottom + 14, name),
      element('text', { x: padding + 84 * index + 20, y: bottom + 26 }, [text(name)]),
    ]),
    ...(note === '' ? [] : [element('text', { x: padding, y: bottom + 46, 'font-size': 10 }, [text(note)])]),
  ]);
}

function cell({ inA, inB }: Pick<SharedModule, 'inA' | 'inB'>, x: number, y: number, says: string): Markup {
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
