import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { count, plural, score } from '../core/format.ts';
import { dateText } from '../report/labels.ts';
import { type ComparisonSummary, methodsTable, type RunSummary, transferTable } from '../report/run-summary.ts';
import { tablePanel } from '../report/sections.ts';
import { comparisonLink, type ListState, type OrderName, runLink } from './address.ts';
import { breakable, Drawn } from './figures.ts';
import { cutMiddle } from './run-tree.ts';

interface OverviewProps {
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly comparisons: readonly ComparisonSummary[];
  /** Those that pass the filter, in order. */
  readonly shown: readonly RunSummary[];
  readonly state: ListState;
  change(changes: Partial<ListState>): void;
}

/**
 * All runs together: how many, how the methods do on the tasks, and how structures do on tasks they were not found on.
 */
export function OverviewPage({ runs, comparisons, shown, state, change }: OverviewProps) {
  const all = [...runs.values()];
  const inState = (state: string) => count(all.filter(run => run.state === state).length);
  // Of a thousand runs they take longer than a key that is typed into the filter may.
  const [methods, transfer] = useMemo(() => [methodsTable(all), transferTable(all)], [runs]);
  const figures = [
    ['Runs', count(all.length)],
    ['Running', inState('running')],
    ['Finished', inState('finished')],
    ['Tasks', count(new Set(all.map(run => run.task).filter(Boolean)).size)],
  ];
  return html`<article>
    <h1>Runs</h1>
    <dl class="tiles">
      ${figures.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${
      all.length === 0
        ? html`<p class="panel">
          No run lies in this folder yet. <code>s3delta search</code> writes one, and it appears here by itself.
        </p>`
        : html`<p class="muted">Choose a run, or tick two or more to compare them.</p>`
    }
    ${
      comparisons.length > 0 &&
      html`<section class="panel" data-name="Comparisons">
      <h2>Comparisons</h2>
      <ul>
        ${comparisons.map(
          ({ id, changed }) => html`<li key=${id}><a href=${comparisonLink(id)}>${id}</a> <small
          class="muted">${dateText(changed)}</small></li>`,
        )}
      </ul>
    </section>`
    }
    ${shown.length > 0 && html`<${RunsTable} shown=${shown} state=${state} change=${change} />`}
    ${
      methods.rows.length > 0 &&
      html`<${Drawn}
      markup=${tablePanel('Mean test score of like runs, by method and task', methods)} />`
    }
    ${
      transfer.rows.length > 0 &&
      html`<${Drawn}
      markup=${tablePanel('Transfer of structures between tasks', transfer)} />`
    }
  </article>`;
}

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
function RunsTable({ shown, state: { order }, change }: RunsTableProps) {
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
