import { count, score } from '../core/format.ts';
import type { MetricsLine, StageName } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import { heatMapFigure } from './heat-map-figure.ts';
import type { Series } from './pictures/curve-svg.ts';
import { element, type Markup, text } from './pictures/svg.ts';
import type { RunView } from './run-view.ts';
import { keptTable } from './summary.ts';
import type { Table } from './table.ts';

/** A titled part of a page. `saves` offers its picture as SVG, its table as CSV (`offerDownloads`). */
export function panel(title: string, saves: readonly ('svg' | 'csv')[], children: readonly Markup[]): Markup {
  const buttons = saves.map(kind =>
    element('button', { type: 'button', 'data-save': kind, 'aria-label': `Save ${title} as ${kind.toUpperCase()}` }, [
      text(kind.toUpperCase()),
    ]),
  );
  const header = [element('h2', {}, [text(title)]), element('div', { class: 'buttons' }, buttons)];
  return element('section', { class: 'panel', 'data-name': title }, [element('header', {}, header), ...children]);
}

/** A table that scrolls by itself where the page is narrow. */
export function tableMarkup({ header, rows }: Table): Markup {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    element(
      'tr',
      {},
      cells.map(cell => element(tag, tag === 'th' ? { scope: 'col' } : {}, [text(cell)])),
    );
  return element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `Table: ${header.join(', ')}` }, [
    element('table', {}, [
      element('thead', {}, [line(header, 'th')]),
      element(
        'tbody',
        {},
        rows.map(row => line(row, 'td')),
      ),
    ]),
  ]);
}

export function tablePanel(title: string, table: Table): Markup {
  return panel(title, ['csv'], [tableMarkup(table)]);
}

/** What a reader wants to know first, in large figures. */
export function tiles({ score: scores, structure, budget, resources }: RunResult): Markup {
  const tile = (name: string, value: string, note = '') =>
    element('div', {}, [
      element('dt', {}, [text(name)]),
      element('dd', {}, [text(value), ...(note === '' ? [] : [text(' '), element('small', {}, [text(note)])])]),
    ]);
  const { ratio } = resources;
  return element('dl', { class: 'tiles' }, [
    ...(scores === undefined
      ? []
      : [
          tile('Test score', score(scores.test), scores.metric),
          tile('Always the commonest', score(scores.majority)),
          ...(scores.random === undefined ? [] : [tile('Random structure', score(scores.random), 'equal budget')]),
        ]),
    tile('Trainable parameters', count(structure.parameters), `of ${count(budget.parameters)}`),
    ...(structure.head === undefined ? [] : [tile("Head's parameters", count(structure.head), 'beside the budget')]),
    tile('Modules kept', count(structure.modules)),
    ...(ratio === undefined ? [] : [tile('Search : re-training', `${ratio.time.toFixed(1)} ×`, 'time')]),
  ]);
}

/** The heat map to explore, and all of its numbers as a table for those who rather read. */
export function structurePanel({ modules, moments }: Pick<RunView, 'modules' | 'moments'>, maximum: number): Markup {
  const title = 'Probability p of every candidate';
  const table = {
    header: ['module', 'layer', 'site', 'parameters', 'worth', 'p', 'kept'],
    rows: modules.map(({ position, kind, layer, site, parameters, worth, p, kept }) => [
      ...[`${position} ${kind}`, layer, site, String(parameters)],
      ...[worth === undefined ? '' : worth.toPrecision(5), p.toFixed(4), kept ? 'yes' : 'no'],
    ]),
  };
  const numbers = element('details', {}, [
    element('summary', {}, [text(`All ${count(modules.length)} modules as a table`)]),
    tableMarkup(table),
  ]);
  const hint = moments.length === 0 ? '' : ' Move the slider to see how the search came to it.';
  return panel(
    'Structure',
    ['svg', 'csv'],
    [
      element('p', { class: 'muted' }, [
        text(`A cell is a candidate, coloured by the probability p that it is kept; outlined ones are kept.${hint}`),
      ]),
      heatMapFigure(modules, maximum, title, tablePanel('Kept modules', keptTable(modules))),
      numbers,
    ],
  );
}

const stageTitles: Readonly<Record<StageName, string>> = {
  search: 'Search',
  retrain: 'Re-training',
  random: 'Random structure',
};

/** One quantity of a stage; a curve for each attempt, named after it, where the stage makes several. */
export interface StageCurves {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Loss and validation score of every stage that has begun. */
export function stageCurves(metrics: readonly MetricsLine[]): StageCurves[] {
  return [...Map.groupBy(metrics, line => line.stage)].flatMap(([stage, lines]) => {
    const trials = [...Map.groupBy(lines, line => line.trial ?? '')];
    const curves = (what: string, value: (line: MetricsLine) => number) => ({
      title: `${stageTitles[stage] ?? stage}: ${what}`,
      series: trials.map(([name, own]) => ({
        name,
        points: own.map(line => ({ step: line.step, value: value(line) })),
      })),
    });
    return [curves('loss', line => line.loss ?? Number.NaN), curves('validation score', line => line.score)];
  });
}

export function configPanel(config: string): Markup {
  return panel('Configuration', [], [element('pre', { tabindex: 0 }, [text(config)])]);
}
