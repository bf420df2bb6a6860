import type { Column, HeatMap, HeatMapModule } from './heat-map.ts';
import { stackLetter } from './labels.ts';
import type { HeatMapWords } from './pictures/heat-map-svg.ts';
import { ansi256, colourAt, isDark } from './pictures/palette.ts';
import type { Coloured } from './quantities.ts';

/** Where there is no colour, from nearly nothing to the largest. */
const shades = ['·', '░', '▒', '▓', '█'];
const keptMark = '●';

export interface HeatMapLinesOptions extends HeatMapWords {
  readonly colour: boolean;
  /** Whether the terminal's ground is light; most are dark. What is large stands out from the ground. */
  readonly lightGround?: boolean | undefined;
}

/**
 * The heat map as lines of text, two characters a cell. Kept modules carry a dot. With `colour` the cells are painted
 * in 256 colours, without it they are shades.
 */
export function heatMapLines(map: HeatMap, options: HeatMapLinesOptions): string[] {
  const width = Math.max(0, ...map.rows.map(row => row.length));
  const header = columnHeader(map.columns);
  const rows = map.rows.map((label, row) => {
    const cells = map.cells[row]!.map(module => cell(module, map.maximum, options));
    return `${label.padEnd(width)}  ${cells.join('')}`;
  });
  return [
    ...header.map(line => `${' '.repeat(width)}  ${line}`),
    ...rows,
    `${' '.repeat(width)}  ${legend(map, options)}`,
  ];
}

/**
 * One line for the stacks, where there are several, one for the last digits of the layer: a column is too narrow for
 * `E.10`.
 */
function columnHeader(columns: readonly Column[]): string[] {
  const stacks = columns.map(({ place: { stack } }, index) =>
    stack === columns[index - 1]?.place.stack ? '  ' : stackLetter(stack).padEnd(2),
  );
  const layers = columns.map(({ place: { layer } }) => `${layer}`.padEnd(2).slice(-2));
  const isOneStack = stacks.filter(letter => letter !== '  ').length < 2;
  return [...(isOneStack ? [] : [stacks]), layers].map(cells => cells.join('').trimEnd());
}

function cell(module: Coloured<HeatMapModule> | undefined, maximum: number, options: HeatMapLinesOptions): string {
  if (module === undefined) return '  ';
  const share = maximum > 0 ? module.value / maximum : 0;
  const mark = module.kept ? keptMark : undefined;
  return options.colour ? paint(mark ?? ' ', share, options) : `${shade(share)}${mark ?? ' '}`;
}

function shade(share: number): string {
  return shades[Math.min(shades.length - 1, Math.floor(share * shades.length))]!;
}

const esc = '\u001b';
/** The codes that `heatMapLines` paints with, and no others. */
export const paintCodes = new RegExp(`${esc}\\[(?:48;5;\\d{1,3};(?:30|97)|0)m`, 'g');

function paint(character: string, share: number, { lightGround = false }: HeatMapLinesOptions): string {
  const background = colourAt(lightGround ? share : 1 - share);
  return `${esc}[48;5;${ansi256(background)};${isDark(background) ? 97 : 30}m${character} ${esc}[0m`;
}

function legend({ quantity: { name }, maximum }: HeatMap, options: HeatMapLinesOptions): string {
  const { colour, quantity = name, kept = 'kept' } = options;
  const scale = shades.map((_, index) => index / (shades.length - 1));
  const ramp = colour ? scale.map(share => paint(' ', share, options)).join('') : shades.join('');
  return `${quantity}: 0 ${ramp} ${maximum.toPrecision(2)}   ${keptMark} ${kept}`;
}
