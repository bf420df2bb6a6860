import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { heatMap } from '../report/heat-map.ts';
import { differenceMapSvg, keptByText, sharedModules } from '../report/pictures/heat-map-svg.ts';
import { type Markup, text } from '../report/pictures/svg.ts';
import { type RunSummary, runsTable } from '../report/run-summary.ts';
import type { RunView } from '../report/run-view.ts';
import { cellsTable, panel, stageCurves, tableMarkup, tablePanel } from '../report/sections.ts';
import type { Table } from '../report/table.ts';
import { Chart, Drawn, Structure } from './figures.ts';
import { useViews } from './live-data.ts';
import { tellingNames } from './run-tree.ts';

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
  const maxima = scaleEnds(structures.map(({ view }) => view));
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
        ({ name, view }, index) => html`<section key=${name}>
          <h2>${name}</h2>
          <${Structure} view=${view} name=${name} maximum=${maxima[index]} />
        </section>`,
      )}
    </div>
  </article>`;
}

/** The number at the end of each structure's scale: maps of one quantity share one. */
export function scaleEnds(views: readonly Pick<RunView, 'modules'>[]): number[] {
  const maps = views.map(({ modules }) => heatMap(modules));
  return maps.map(({ quantity: { name } }) => {
    const alike = maps.filter(({ quantity }) => quantity.name === name);
    return Math.max(...alike.map(({ maximum }) => maximum));
  });
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

/** A run with the name that tells it from those beside it. */
export interface NamedView {
  readonly name: string;
  readonly view: RunView;
}

/** What two structures share and what they do not, in one map; of more than two, any two to choose. */
function Difference({ views }: { views: readonly NamedView[] }) {
  const [chosen, setChosen] = useState<readonly [number, number]>([0, 1]);
  const [a, b] = chosen.map(index => views[Math.min(index, views.length - 1)]!) as [NamedView, NamedView];
  const modules = sharedModules(a.view.modules, b.view.modules);
  const kept = modules.filter(({ inA, inB }) => inA || inB);
  const table = {
    header: ['module', 'layer', 'parameters', 'kept by'],
    rows: kept.map(module => [
      ...[`${module.position} ${module.kind}`, module.layer],
      ...[String(module.parameters), keptByText(module)],
    ]),
  };
  const picture = differenceMapSvg(modules, `A: ${a.name}, B: ${b.name}`) as Markup;
  const choose = (side: 0 | 1) => (event: Event) => {
    const index = Number((event.target as HTMLSelectElement).value);
    setChosen(before => (side === 0 ? [index, before[1]] : [before[0], index]));
  };
  const select = (side: 0 | 1) => html`<label>
    ${'AB'[side]} ${' '}
    <select value=${chosen[side]} onChange=${choose(side)}>
      ${views.map(({ name }, index) => html`<option value=${index}>${name}</option>`)}
    </select>
  </label>`;
  return html`<section class="difference">
    ${views.length > 2 && html`<div class="sides">${select(0)} ${select(1)}</div>`}
    <${Drawn}
      markup=${panel(
        'Kept by A, by B, by both',
        ['svg', 'csv'],
        [
          ('<div class="scroll map" tabindex="0" role="group" aria-label="Map of two ' +
            `structures">${picture}</div>`) as Markup,
          ('<details><summary>The modules that either keeps, as a ' +
            `table</summary>${tableMarkup(table)}</details>`) as Markup,
        ],
      )}
    />
  </section>`;
}

/** A run with the text of its config.yaml. */
interface Configured {
  readonly name: string;
  readonly config: string;
}

/** Every run has another, and nothing hangs on it. */
const passedOver = ['out'];

/**
 * The settings that are not the same in all runs, a column a run, with a dash where one lacks it; undefined where none
 * differs.
 */
export function settingsThatDiffer(runs: readonly Configured[]): Table | undefined {
  const settings = runs.map(({ config }) => settingsIn(config));
  const keys = [...new Set(settings.flatMap(each => [...each.keys()]))].filter(key => !passedOver.includes(key));
  const rows = keys
    .map(key => [key, ...settings.map(each => each.get(key) ?? '–')])
    .filter(([, ...values]) => new Set(values).size > 1);
  return rows.length === 0 ? undefined : { header: ['setting', ...runs.map(({ name }) => name)], rows };
}

/**
 * Keys at the margin, each with what stands up to the next: as a run writes its config, which a browser need not
 * understand to see that two differ.
 */
function settingsIn(config: string): Map<string, string> {
  const found = new Map<string, string>();
  let last: string | undefined;
  for (const line of config.split('\n')) {
    const [, key, value = ''] = /^([\w-]+):(.*)$/.exec(line) ?? [];
    if (key !== undefined) {
      last = key;
      found.set(key, plain(value));
    } else if (last !== undefined && line.trim() !== '' && !line.startsWith('#')) {
      found.set(last, [found.get(last), plain(line)].filter(Boolean).join(' '));
    }
  }
  return found;
}

/** `"500"` is what `500` is. */
function plain(value: string): string {
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}
