import { count, score } from '../core/format.ts';
import type { MetricsLine, StageName } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import type { FinalistRecord } from '../structure/structure-file.ts';
import { finalRanks, keptWords } from './explore.ts';
import { heatMapFigure } from './heat-map-figure.ts';
import { curvesSize, curvesSvg, type Series } from './pictures/curve-svg.ts';
import { element, type Markup, picture, text } from './pictures/svg.ts';
import { coloured, quantityOf } from './quantities.ts';
import type { RunView } from './run-view.ts';
import { finalistsTable, finalistsTitle, keptTable } from './summary.ts';
import { numericColumns, type Table } from './table.ts';
import type { WrittenVerdict } from './verdict/verdict.ts';

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
export function tableMarkup(table: Table): Markup {
  const { header, rows } = table;
  const numeric = numericColumns(table);
  return cellsTable(
    header,
    rows.map(row => row.map(text)),
    numeric,
  );
}

/** The same of cells that are markup. */
export function cellsTable(
  header: readonly string[],
  rows: readonly (readonly Markup[])[],
  numeric: readonly boolean[],
): Markup {
  const line = (cells: readonly Markup[], tag: 'th' | 'td') =>
    element(
      'tr',
      {},
      cells.map((cell, column) => {
        const looks: Record<string, string> = numeric[column] ? { class: 'number' } : {};
        return element(tag, tag === 'th' ? { scope: 'col', ...looks } : looks, [cell]);
      }),
    );
  return element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `Table: ${header.join(', ')}` }, [
    element('table', {}, [
      element('thead', {}, [line(header.map(text), 'th')]),
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

/** A picture that scrolls by itself where the page is too narrow for its letters to be read. */
export function pictureMarkup(title: string, svg: Markup): Markup {
  return element('div', { class: 'scroll picture', tabindex: 0, role: 'group', 'aria-label': `Picture: ${title}` }, [
    svg,
  ]);
}

/** A command to copy: a click selects all of it, and it is broken between its words alone. */
export function commandMarkup(command: string): Markup {
  const words = command.split(' ').map(word => element('span', {}, [text(word)]));
  return element(
    'code',
    { class: 'command' },
    words.flatMap((word, i) => (i === 0 ? [word] : [text(' '), word])),
  );
}

/** What a run came to, in sentences, and the command that would help next. */
export function verdictPanel({ lines, next }: WrittenVerdict, title = 'Verdict'): Markup {
  const line = (about: string, says: readonly Markup[]) => [element('dt', {}, [text(about)]), element('dd', {}, says)];
  return panel(
    title,
    [],
    [
      element('dl', { class: 'verdict' }, [
        ...lines.flatMap(({ about, says }) => line(about, [text(says)])),
        ...line('next', [commandMarkup(next.command), text(` ${next.why}`)]),
      ]),
    ],
  );
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
          tile('Always the commonest label', score(scores.majority)),
          ...(scores.random === undefined ? [] : [tile('Random structure', score(scores.random), 'of the same size')]),
        ]),
    tile('Trainable parameters', count(structure.parameters), `of ${count(budget.parameters)}`),
    ...(structure.head === undefined ? [] : [tile("Head's parameters", count(structure.head), 'beside the budget')]),
    tile('Modules kept', count(structure.modules)),
    ...(ratio === undefined
      ? []
      : [tile('Search took', `${ratio.time.toFixed(1)} ×`, 'the time of training what it found')]),
  ]);
}

/** The heat map to explore, and all of its numbers as a table for those who rather read. */
export function structurePanel({ modules, moments }: Pick<RunView, 'modules' | 'moments'>, maximum: number): Markup {
  const { name, title, explained, isTold } = quantityOf(modules);
  const all = coloured(modules);
  const kept = modules.flatMap((module, index) => (module.kept ? [index] : []));
  const words = keptWords(modules, finalRanks(all), kept);
  const table = {
    header: ['module', 'layer', 'site', 'parameters', 'worth', ...(isTold ? [name] : []), 'kept'],
    rows: all.map(({ position, kind, layer, site, parameters, worth, value }, index) => [
      ...[`${position} ${kind}`, layer, site, String(parameters)],
      ...[worth === undefined ? '' : worth.toPrecision(5), ...(isTold ? [value.toFixed(4)] : []), words[index]!],
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
      element('p', { class: 'muted' }, [text(`${explained}${hint}`)]),
      heatMapFigure(modules, maximum, title, tablePanel('Kept modules', keptTable(modules))),
      numbers,
    ],
  );
}

/** Structures that had the search's last word. */
export function finalistsPanel(finalists: readonly FinalistRecord[]): Markup {
  return tablePanel(finalistsTitle, finalistsTable(finalists));
}

type Stages = Partial<Readonly<Record<StageName, string>>>;

/** What is compared stands in one chart, by these names: a structure and a random one of its size are trained alike. */
const charts: readonly { readonly title: string; readonly stages: Stages }[] = [
  { title: 'Search', stages: { search: 'search' } },
  { title: 'Training', stages: { retrain: 'this structure', random: 'random structure' } },
];

/**
 * One quantity of the search or of trainings; a curve for each training and attempt, named after it where there are
 * several.
 */
export interface StageCurves {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Loss and validation score of all that has begun; the loss alone of what is not validated on its way. */
export function stageCurves(metrics: readonly MetricsLine[]): StageCurves[] {
  return curvesByStage(metrics).flat();
}

/** The same, what belongs together in a row. */
function curvesByStage(metrics: readonly MetricsLine[]): StageCurves[][] {
  return charts.flatMap(({ title, stages }) => {
    const own = metrics.filter(({ stage }) => Object.hasOwn(stages, stage));
    if (own.length === 0) return [];
    const isOneStage = own.every(({ stage }) => stage === own[0]!.stage);
    const nameOf = ({ stage, trial = '' }: MetricsLine) =>
      [isOneStage ? '' : stages[stage], trial].filter(Boolean).join(', ');
    const curves = (what: string, value: (line: MetricsLine) => number) => ({
      title: `${title}: ${what}`,
      series: [...Map.groupBy(own, nameOf)].map(([name, lines]) => ({
        name,
        points: lines.map(line => ({ step: line.step, value: value(line) })),
      })),
    });
    const loss = curves('loss', line => line.loss ?? Number.NaN);
    const isValidated = own.some(({ score }) => score !== undefined);
    return [isValidated ? [loss, curves('validation score', line => line.score ?? Number.NaN)] : [loss]];
  });
}

export function configPanel(config: string): Markup {
  return panel('Configuration', [], [element('pre', { tabindex: 0 }, [text(config)])]);
}

/** The curves of all stages in one picture: loss to the left, validation score to the right. */
export function curvesPicture(metrics: readonly MetricsLine[], title: string): string {
  const rows = curvesByStage(metrics);
  const heights = rows.map(row => Math.max(...row.map(({ series }) => curvesSize(series.length).height)));
  const top = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height, 0);
  const { width, height: least } = curvesSize(1);
  const drawn = rows.flatMap((row, index) => row.map((each, column) => at(each, column * width, top(index))));
  return picture(2 * width, Math.max(least, top(rows.length)), title, drawn);
}

function at({ title, series }: StageCurves, x: number, y: number): Markup {
  return element('g', { transform: `translate(${x},${y})` }, [curvesSvg(title, series) as Markup]);
}
