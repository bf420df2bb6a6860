import { type Place, stacks } from '../core/site.ts';
import { type Coloured, coloured, type Judged, type Quantity, quantityOf } from './quantities.ts';

/**
 * What the heat map shows of a module; `shownModules` makes the labels. Where several searches are shown, `p` is their
 * mean or spread.
 */
export interface HeatMapModule extends Judged {
  readonly site: string;
  /** The delta kind's name as shown, e.g. `LoRA`. */
  readonly kind: string;
  /** `SelfAttn.Q`, … : the row, together with the kind. */
  readonly position: string;
  /** `E.0`, `D.3`, …, or a number alone where there is one stack: the column. */
  readonly layer: string;
  readonly place: Place;
  readonly parameters: number;
  /** Whether it cannot change the model's output there. */
  readonly inert?: boolean;
}

/** A layer of a stack. */
export interface Column {
  readonly label: string;
  readonly place: Place;
}

/** The candidates of a search laid out as in the paper's figure 9. */
export interface HeatMap<M extends HeatMapModule = HeatMapModule> {
  /** `SelfAttn.Q LoRA`, …: grouped by kind, each group in the order of the forward pass. */
  readonly rows: readonly string[];
  /** `E.0`, …, `D.0`, …, in the order of the forward pass. */
  readonly columns: readonly Column[];
  /** [row][column]; undefined where there is no candidate. */
  readonly cells: readonly (readonly (Coloured<M> | undefined)[])[];
  /** What the cells are coloured by. */
  readonly quantity: Quantity;
  /** Its largest number: the dark end of the scale. */
  readonly maximum: number;
}

/** Lays modules out in rows and columns. Modules come in the order of the forward pass, as in a structure file. */
export function heatMap<M extends HeatMapModule>(given: readonly M[]): HeatMap<M> {
  const modules = coloured(given);
  const kinds = distinct(modules.map(module => module.kind));
  const positions = distinct(modules.map(module => module.position));
  const byLabel = new Map(modules.map(({ layer, place }) => [layer, { label: layer, place }]));
  const columns = [...byLabel.values()].sort(byPlace);
  const rows = kinds.flatMap(kind => positions.map(position => ({ kind, position })));
  const laidOut = rows
    .map(({ kind, position }) => {
      const inRow = modules.filter(module => module.kind === kind && module.position === position);
      return {
        label: `${position} ${kind}`,
        empty: inRow.length === 0,
        cells: columns.map(({ label }) => inRow.find(module => module.layer === label)),
      };
    })
    .filter(row => !row.empty);
  return {
    rows: laidOut.map(row => row.label),
    columns,
    cells: laidOut.map(row => row.cells),
    quantity: quantityOf(given),
    maximum: modules.reduce((maximum, { value }) => Math.max(maximum, value), 0),
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** Stack by stack, then by layer number: a structure of the decoder's last layers still reads left to right. */
function byPlace({ place: a }: Column, { place: b }: Column): number {
  return stacks.indexOf(a.stack) - stacks.indexOf(b.stack) || a.layer - b.layer;
}
