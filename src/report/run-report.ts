import type { RunResult } from '../runs/result.ts';
import type { FinalistRecord } from '../structure/structure-file.ts';
import { type Exploration, exploreText } from './explore.ts';
import type { HeatMapModule } from './heat-map.ts';
import { explorationOf } from './heat-map-figure.ts';
import { htmlDocument } from './html-document.ts';
import { curvesSvg } from './pictures/curve-svg.ts';
import { escapeMarkup, type Markup } from './pictures/svg.ts';
import type { RunView, SearchMoment } from './run-view.ts';
import {
  configPanel,
  finalistsPanel,
  panel,
  pictureMarkup,
  stageCurves,
  structurePanel,
  tablePanel,
  tiles,
  verdictPanel,
} from './sections.ts';
import { finalistsTable, finalistsTitle, keptTable, resourcesTable, runSentences, scoreTable } from './summary.ts';
import { tableMarkdown } from './table.ts';
import type { Verdict, WrittenVerdict } from './verdict/verdict.ts';

/** All that a report shows: a run that has a result. */
export type ReportContent = RunView & { readonly result: RunResult };

/** So many moments of a search are enough for an eye, and keep the file small. */
const shownMoments = 60;

/** A run as one HTML file that needs no other file and no network. Every text from outside is escaped. */
export function reportHtml({ result, modules, moments, finalists, metrics, config, verdict }: ReportContent): string {
  const title = `${result.task} on ${result.model}, seed ${result.seed}`;
  const scores = scoreTable(result);
  const exploration = explorationOf(modules, thinned(moments));
  const curves = stageCurves(metrics).map(({ title, series }) => {
    return panel(title, ['svg'], [pictureMarkup(title, curvesSvg(title, series) as Markup)]);
  });
  return htmlDocument(
    title,
    [
      `<h1>${escapeMarkup(title)}</h1>`,
      ...runSentences(result).map(text => `<p class="muted">${escapeMarkup(text)}.</p>`),
      verdict === undefined ? '' : verdictPanel(verdict),
      tiles(result),
      structurePanel({ modules, moments }, exploration.maximum),
      finalists === undefined ? '' : finalistsPanel(finalists),
      scores === undefined ? '' : tablePanel('Scores', scores),
      `<div class="curves">${curves.join('\n')}</div>`,
      tablePanel('Time and memory', resourcesTable(result)),
      configPanel(config),
    ],
    {
      data: `<script type="application/json" id="exploration">${scriptJson(exploration)}</script>`,
      code: `${exploreText}
explore(document.querySelector('.heat-map'), JSON.parse(document.getElementById('exploration').textContent));`,
    },
  );
}

/** Evenly chosen moments, the first and the last among them. */
function thinned(moments: readonly SearchMoment[]): readonly SearchMoment[] {
  if (moments.length <= shownMoments) return moments;
  const stride = (moments.length - 1) / (shownMoments - 1);
  return Array.from({ length: shownMoments }, (_, index) => moments[Math.round(index * stride)]!);
}

/** JSON that no text in it can end early: without `<` there is neither `</script` nor `<!--`. */
function scriptJson(exploration: Exploration): string {
  return JSON.stringify(exploration).replaceAll('<', '\\u003c');
}

export interface MarkdownContent {
  readonly result: RunResult;
  readonly modules: readonly HeatMapModule[];
  readonly finalists?: readonly FinalistRecord[];
  /** Pictures by what they show, with the path to each from where the document will lie. */
  readonly pictures: Readonly<Record<string, string>>;
  readonly verdict?: Verdict;
}

/** A run as a Markdown document: what a report shows, with its pictures beside it. */
export function reportMarkdown({ result, modules, finalists, pictures, verdict }: MarkdownContent): string {
  const scores = scoreTable(result);
  return [
    `# ${plain(`${result.task} on ${result.model}, seed ${result.seed}`)}`,
    ...runSentences(result).map(text => `${text}.`),
    ...(verdict === undefined ? [] : verdictMarkdown(verdict)),
    ...Object.entries(pictures).map(([shows, path]) => `![${shows}](<${path.replaceAll(/[<>\\]/g, '\\$&')}>)`),
    ...(scores === undefined ? [] : ['## Scores', tableMarkdown(scores)]),
    '## Kept modules',
    tableMarkdown(keptTable(modules)),
    ...(finalists === undefined ? [] : [`## ${finalistsTitle}`, tableMarkdown(finalistsTable(finalists))]),
    '## Time and memory',
    tableMarkdown(resourcesTable(result)),
  ].join('\n\n');
}

/** A verdict as a list, and the next command as one that can be copied. */
export function verdictMarkdown({ lines, next }: WrittenVerdict, title = 'Verdict'): string[] {
  return [
    `## ${plain(title)}`,
    verdictLines({ lines }),
    `Next: ${plain(next.why)}.`,
    `\`\`\`sh\n${next.command}\n\`\`\``,
  ];
}

/** What a verdict says, as a list. */
export function verdictLines({ lines }: Pick<Verdict, 'lines'>): string {
  return lines.map(({ about, says }) => `- **${plain(about)}**: ${plain(says)}`).join('\n');
}

/** Text that Markdown leaves as it is. */
export function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|]/g, '\\$&').replaceAll('\n', ' ');
}
