import { html } from 'htm/preact';
import { runsTable } from '../report/overview.ts';
import type { RunSummary } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';
import { stageCurves, tablePanel } from '../report/sections.ts';
import type { Table } from '../report/table.ts';
import { Chart } from './chart.ts';
import { Drawn } from './markup.ts';
import { Structure } from './structure.ts';
import { useViews } from './use-views.ts';

/** Runs side by side: their scores, their curves over each other, their structures next to each other. */
export function ComparePage({ runs }: { runs: readonly RunSummary[] }) {
  const fetched = useViews(runs);
  const views = runs.flatMap(run => {
    const view = fetched.get(run.id)?.view;
    return view === undefined ? [] : [{ id: run.id, view }];
  });
  const curves = Map.groupBy(
    views.flatMap(({ id, view }) => stageCurves(view.metrics).map(({ title, series }) => ({ id, title, series }))),
    ({ title }) => title,
  );
  const shared = sharedTable(views);
  return html`<article>
    <h1>${runs.length} runs side by side</h1>
    <${Drawn} markup=${tablePanel('Runs', runsTable(runs))} />
    <div class="curves">
      ${[...curves].map(([title, lines]) => {
        const series = lines.flatMap(({ id, series }) =>
          series.map(({ name, points }) => ({ name: [id, name].filter(Boolean).join(', '), points })),
        );
        return html`<${Chart} key=${title} title=${title} series=${series} />`;
      })}
    </div>
    ${shared.rows.length > 0 && html`<${Drawn} markup=${tablePanel('Modules kept by both', shared)} />`}
    <div class="structures">
      ${views.map(
        ({ id, view }) => html`<section key=${id}>
          <h2>${id}</h2>
          <${Structure} view=${view} name=${id} />
        </section>`,
      )}
    </div>
  </article>`;
}

/** How far each two structures agree: kept by both, of those kept by either. */
function sharedTable(views: readonly { readonly id: string; readonly view: RunView }[]): Table {
  const kept = views.map(({ id, view }) => ({
    id,
    modules: view.modules.filter(module => module.kept).map(({ site, kind }) => `${site} ${kind}`),
  }));
  const pairs = kept.flatMap((a, index) => kept.slice(index + 1).map(b => ({ a, b })));
  return {
    header: ['run', 'other run', 'kept by both', 'by either'],
    rows: pairs.map(({ a, b }) => {
      const either = new Set([...a.modules, ...b.modules]).size;
      return [a.id, b.id, String(a.modules.length + b.modules.length - either), String(either)];
    }),
  };
}
