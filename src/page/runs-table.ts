import { html } from 'htm/preact';
import { count, plural, score } from '../core/format.ts';
import { dateText } from '../report/labels.ts';
import type { RunSummary } from '../report/run-summary.ts';
import type { OrderName } from './filter.ts';
import type { ListState } from './list-state.ts';
import { breakable } from './markup.ts';
import { runLink } from './route.ts';
import { cutMiddle } from './run-tree.ts';

/** A longer table is neither read nor drawn quickly: the filter finds the rest. */
const mostRows = 100;
const longestName = 40;

interface Column {
  readonly name: string;
  readonly order?: OrderName;
  readonly isNumber?: boolean;
  show(run: RunSummary): unknown;
}

const columns: readonly Column[] = [
  {
    ...{ name: 'run', order: 'name' },
    show: ({ id }) => html`<a href=${runLink(id)} title=${id}>${breakable(cutMiddle(id, longestName))}</a>`,
  },
  {
    ...{ name: 'test', order: 'score', isNumber: true },
    show: ({ test, metric }) => (test === undefined ? '–' : html`${score(test)} <small>${metric}</small>`),
  },
  { name: 'task', order: 'task', show: ({ task }) => task },
  { name: 'method', order: 'method', show: ({ method }) => method },
  { name: 'seed', isNumber: true, show: ({ seed }) => seed ?? '' },
  {
    ...{ name: 'parameters', order: 'parameters', isNumber: true },
    show: ({ parameters }) => (parameters === undefined ? '–' : count(parameters)),
  },
  { name: 'changed', order: 'newest', show: ({ changed }) => html`<time>${dateText(changed)}</time>` },
];

interface RunsTableProps {
  readonly shown: readonly RunSummary[];
  readonly state: ListState;
  change(changes: Partial<ListState>): void;
}

/** The runs that pass the filter, to sort by a click on a column's name; a second click turns the order round. */
export function RunsTable({ shown, state: { order }, change }: RunsTableProps) {
  const sortBy = (name: OrderName) => change({ order: order === name ? `-${name}` : name });
  const head = ({ name, order: own, isNumber }: Column) => {
    const isSorted = own !== undefined && order.replace(/^-/, '') === own;
    // What an order has first is its natural end: names rise, numbers fall.
    const rises = ['name', 'task', 'method'].includes(own ?? '') !== order.startsWith('-');
    return html`<th scope="col" class=${isNumber ? 'number' : ''} aria-sort=${
      isSorted ? (rises ? 'ascending' : 'descending') : undefined
    }>
      ${
        own === undefined
          ? name
          : html`<button type="button" class="sort" onClick=${() => sortBy(own)}>${name}${
              isSorted ? (rises ? ' ↑' : ' ↓') : ''
            }</button>`
      }
    </th>`;
  };
  return html`<section class="panel" data-name="All runs">
    <header>
      <h2>${
        shown.length > mostRows
          ? `The first ${mostRows} of ${plural(shown.length, 'run')}`
          : plural(shown.length, 'run')
      }</h2>
      <div class="buttons"><button type="button" data-save="csv" aria-label="Save All runs as CSV">CSV</button></div>
    </header>
    <div class="scroll" tabindex="0" role="group" aria-label="Table: all runs">
      <table>
        <thead><tr>${columns.map(head)}</tr></thead>
        <tbody>
          ${shown.slice(0, mostRows).map(
            run => html`<tr key=${run.id}>
              ${columns.map(column => html`<td class=${column.isNumber ? 'number' : ''}>${column.show(run)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
