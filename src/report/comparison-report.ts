import { count, score } from '../core/format.ts';
import { allTasks, type ComparisonRow, type ComparisonView } from './comparison.ts';
import { foundAt, rowName, spreadText, testSentence } from './comparison-tables.ts';
import { htmlDocument } from './html-document.ts';
import { rowPlotSvg, type ScoreSeries, scorePlotSvg } from './pictures/plots-svg.ts';
import { element, type Markup, text } from './pictures/svg.ts';
import { differenceOnScale } from './score-scale.ts';
import { cellsTable, panel, pictureMarkup, verdictPanel } from './sections.ts';
import { scoreRange } from './series.ts';

/** Below this a difference is called one. */
const significant = 0.05;

/** A comparison as one HTML file that needs no other file and no network. Every text from outside is escaped. */
export function comparisonHtml(comparison: ComparisonView): string {
  const title = comparisonTitle(comparison);
  return htmlDocument(title, [element('h1', {}, [text(title)]), ...comparisonSections(comparison)]);
}

export function comparisonTitle({ model, rows }: ComparisonView): string {
  const tasks = [...new Set(rows.map(row => row.task))].filter(task => task !== allTasks);
  return `Comparison on ${model}: ${tasks.join(', ')}`;
}

/** What a comparison has found: for each task its methods, the best first, and their scores against their sizes. */
export function comparisonSections({ model, rows, failed, verdicts = [] }: ComparisonView): Markup[] {
  const tested = testSentence(rows);
  return [
    ...[...Map.groupBy(rows, row => row.task)].flatMap(([task, own]) => [
      ...verdicts
        .filter(verdict => verdict.task === task)
        .map(verdict => verdictPanel(verdict, [`Verdict on ${task}`, verdict.budget].filter(Boolean).join(' at '))),
      panel(titleOf(task, own), ['csv'], [methodsTable(own)]),
      panel(
        `${task}: score against parameters`,
        ['svg'],
        [
          pictureMarkup(
            `${task}: score against parameters`,
            scorePlotSvg(`${task} on ${model}`, `test ${own[0]!.metric}`, seriesOf(own), baselineOf(own)) as Markup,
          ),
        ],
      ),
    ]),
    element('p', { class: 'muted' }, [
      text(
        [
          'Scores are mean ± standard deviation over the seeds; small dots are seeds. Whiskers of a single seed ' +
            'in the curve are the 95 % interval of its test rows.',
          tested,
        ]
          .filter(Boolean)
          .join(' '),
      ),
    ]),
    ...(failed.length === 0
      ? []
      : [
          panel(
            'Failed',
            [],
            failed.map(({ run, message }) =>
              element('p', {}, [element('strong', {}, [text(run)]), text(` ${message}`)]),
            ),
          ),
        ]),
  ];
}

function titleOf(task: string, rows: readonly ComparisonRow[]): string {
  const seeds = Math.max(...rows.map(row => row.seeds.length));
  return `${task}: ${rows[0]!.metric} over ${seeds} seed${seeds === 1 ? '' : 's'}`;
}

const baselineOf = ([first]: readonly ComparisonRow[]) => ({
  name: 'always the commonest label',
  value: first!.majority,
});

/** Best first; every row with its mean, whisker and seeds on one scale, and the found structure beside it in words. */
function methodsTable(rows: readonly ComparisonRow[]): Markup {
  const ordered = rows.toSorted((a, b) => b.test.mean - a.test.mean);
  const best = ordered[0]!;
  const baseline = baselineOf(rows);
  const range = scoreRange([...rows.flatMap(row => [...row.scores, ...ends(row)]), baseline.value]);
  const isTested = rows.some(row => row.foundLessThis !== undefined);
  const cell = (content: string) => text(content);
  const plot = (row: Pick<ComparisonRow, 'scores' | 'test'> | undefined, name: string) =>
    rowPlotSvg(name, { range, baseline: baseline.value, ...(row && { ...row.test, scores: row.scores }) });
  const lines = ordered.map(row => [
    row === best ? element('strong', {}, [cell(`${rowName(row)} (best)`)]) : cell(rowName(row)),
    cell(spreadText(row.test)),
    plot(row, rowName(row)),
    ...(isTested ? [cell(differenceInWords(row)), cell(differenceText(row, rows))] : []),
    cell(count(row.seeds.length)),
    cell(count(Math.round(row.parameters))),
  ]);
  const rest = new Array<Markup>(isTested ? 4 : 2).fill(cell(''));
  const last = [cell(baseline.name), cell(score(baseline.value)), plot(undefined, baseline.name), ...rest];
  const scale = `${best.metric} from ${range[0].toFixed(0)} to ${range[1].toFixed(0)}`;
  return cellsTable(
    // What is asked first is read first where there is no room for all.
    ['method', 'test', scale, ...(isTested ? ['in words', 'found − this'] : []), 'seeds', 'parameters'],
    [...lines, last],
    [false, true, false, ...(isTested ? [false, true] : []), true, true],
  );
}

function ends({ test: { mean, sd } }: ComparisonRow): [number, number] {
  return [mean - (sd ?? 0), mean + (sd ?? 0)];
}

function differenceText(row: ComparisonRow, rows: readonly ComparisonRow[]): string {
  const { foundLessThis, scale } = row;
  if (foundLessThis === undefined) return '';
  const { difference } = foundLessThis;
  const interval = foundLessThis.interval && differenceOnScale(foundLessThis.interval, scale);
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${score(Math.abs(value))}`;
  const sure = interval === null ? '' : ` (${signed(interval.low)} to ${signed(interval.high)})`;
  return signed(difference) + sure + foundAt(row, rows);
}

/** What the test says, for people who do not read p. */
export function differenceInWords({ foundLessThis }: Pick<ComparisonRow, 'foundLessThis'>): string {
  if (foundLessThis === undefined) return '';
  const { difference, p, smallestP } = foundLessThis;
  // In one piece where the words are broken.
  const value = `p\u00a0=\u00a0${p.toPrecision(2)}`;
  if (smallestP > significant) return `too few seeds to tell (${value})`;
  if (p > significant) return `no difference shown (${value})`;
  return difference > 0 ? `found is better (${value})` : `found is worse (${value})`;
}

/** A line a method, over its budgets. */
export function seriesOf(rows: readonly ComparisonRow[]): ScoreSeries[] {
  const groups = Map.groupBy(rows, row => rowName({ ...row, budget: null }));
  return [...groups].map(([name, group]) => ({
    name,
    points: group.map(({ parameters, test, scores, testInterval: interval }) => ({
      ...{ parameters, scores, ...test },
      ...(interval && { interval }),
    })),
  }));
}
