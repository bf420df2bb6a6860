import { html } from 'htm/preact';
import { runsTable } from '../report/overview.ts';
import { text } from '../report/pictures/svg.ts';
import type { RunSummary } from '../report/run-summary.ts';
import { cellsTable, panel, stageCurves, tablePanel } from '../report/sections.ts';
import type { Table } from '../report/table.ts';
import { Chart } from './chart.ts';
import { Difference, type NamedView } from './difference.ts';
import { Drawn } from './markup.ts';
import { tellingNames } from './run-tree.ts';
import { settingsThatDiffer } from './settings-table.ts';
import { Structure } from './structure.ts';
import { useViews } from './use-views.ts';

/**
 * Runs side by side: their scores, in what settings they differ, their curves over each other, what their structures
 * share, each on one scale.
 */
export function ComparePage({ runs }: { runs: readonly RunSummary[] }) {
  const fetched = useViews(runs);
  const names = tellingNames(runs.map(({ id }) => id));
  const views = runs.flatMap((run, index): NamedView[] => {
    const view = fetched.get(run.id)?.view;
    return view === undefined ? [] : [{ name: names[index]!, view }];
  });
  const curves = Map.groupBy(
    views.flatMap(({ name, view }) =>
      stageCurves(view.metrics).map(({ title, series }) => ({ run: name, title, series })),
    ),
    ({ title }) => title,
  );
  const structures = views.filter(({ view }) => view.modules.length > 0);
  const differing = settingsThatDiffer(views.map(({ name, view }) => ({ name, config: view.config })));
  const maximum = structures.flatMap(({ view }) => view.modules).reduce((most, { p }) => Math.max(most, p), 0);
  return html`<article>
    <h1>${runs.length} ${runs.length === 1 ? 'run' : 'runs side by side'}</h1>
    <${Drawn} markup=${tablePanel('Runs', runsTable(runs.map((run, index) => ({ ...run, id: names[index]! }))))} />
    ${differing && html`<${Drawn} markup=${settingsPanel(differing)} />`}
    <div class="curves">
      ${[...curves].map(([title, lines]) => {
        const series = lines.flatMap(({ run, series }) =>
          series.map(({ name, points }) => ({ name: [run, name].filter(Boolean).join(', '), points })),
        );
        return html`<${Chart} key=${title} title=${title} series=${series} />`;
      })}
    </div>
    ${structures.length > 1 && html`<${Difference} views=${structures} />`}
    <div class="structures">
      ${structures.map(
        ({ name, view }) => html`<section key=${name}>
          <h2>${name}</h2>
          <${Structure} view=${view} name=${name} maximum=${maximum} />
        </section>`,
      )}
    </div>
  </article>`;
}

/** All to the left: a setting is a number in one run and a word in the next. */
function settingsPanel({ header, rows }: Table) {
  const cells = rows.map(row => row.map(text));
  return panel(
    'Settings that differ',
    ['csv'],
    [cellsTable(header, cells, new Array<boolean>(header.length).fill(false))],
  );
}
