import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { count } from '../core/format.ts';
import { dateText } from '../report/labels.ts';
import { methodsTable, transferTable } from '../report/overview.ts';
import type { ComparisonSummary, RunSummary } from '../report/run-summary.ts';
import { tablePanel } from '../report/sections.ts';
import type { ListState } from './list-state.ts';
import { Drawn } from './markup.ts';
import { comparisonLink } from './route.ts';
import { RunsTable } from './runs-table.ts';

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
