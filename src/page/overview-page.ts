import { html } from 'htm/preact';
import { count } from '../core/format.ts';
import { methodsTable, transferTable } from '../report/overview.ts';
import type { RunSummary } from '../report/run-summary.ts';
import { tablePanel } from '../report/sections.ts';
import { Drawn } from './markup.ts';

/**
 * All runs together: how many, how the methods do on the tasks, and how structures do on tasks they were not found on.
 */
export function OverviewPage({ runs }: { runs: ReadonlyMap<string, RunSummary> }) {
  const all = [...runs.values()];
  const inState = (state: string) => count(all.filter(run => run.state === state).length);
  const [methods, transfer] = [methodsTable(all), transferTable(all)];
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
    ${methods.rows.length > 0 && html`<${Drawn} markup=${tablePanel('Mean test score by method and task', methods)} />`}
    ${transfer.rows.length > 0 && html`<${Drawn} markup=${tablePanel('Transfer of structures between tasks', transfer)} />`}
  </article>`;
}
