import type { RunResult } from '../runs/result.ts';
import { type Exploration, exploreText } from './explore.ts';
import { explorationOf } from './heat-map-figure.ts';
import { htmlDocument } from './html-document.ts';
import { curvesSvg } from './pictures/curve-svg.ts';
import { escapeMarkup, type Markup } from './pictures/svg.ts';
import type { RunView, SearchMoment } from './run-view.ts';
import {
  configPanel,
  panel,
  pictureMarkup,
  stageCurves,
  structurePanel,
  tablePanel,
  tiles,
  verdictPanel,
} from './sections.ts';
import { resourcesTable, runSentences, scoreTable } from './summary.ts';

/** All that a report shows: a run that has a result. */
export type ReportContent = RunView & { readonly result: RunResult };

/** So many moments of a search are enough for an eye, and keep the file small. */
const shownMoments = 60;

/** A run as one HTML file that needs no other file and no network. Every text from outside is escaped. */
export function reportHtml({ result, modules, moments, metrics, config, verdict }: ReportContent): string {
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
