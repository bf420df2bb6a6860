import type { MetricsLine, StageName } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import { curveSvg } from './curve-svg.ts';
import { escapeMarkup } from './escape.ts';
import { type HeatMapModule, heatMap } from './heat-map.ts';
import { heatMapSvg } from './heat-map-svg.ts';
import { budgetSentence, dataSentences, keptTable, resourcesTable, scoreTable } from './summary.ts';
import type { Table } from './table.ts';

/** All that a report shows of a run. */
export interface ReportContent {
  readonly result: RunResult;
  readonly modules: readonly HeatMapModule[];
  readonly metrics: readonly MetricsLine[];
  /** The text of config.yaml. */
  readonly config: string;
}

const style = `
  body { font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: #24292f; background: #fff;
    max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: .5rem 0; } th, td { padding: .25rem .75rem; border-bottom: 1px solid #d0d7de;
    text-align: left; font-variant-numeric: tabular-nums; } pre { background: #f6f8fa; padding: 1rem; overflow: auto; }
  figure { margin: 1rem 0; overflow-x: auto; } .curves { display: flex; flex-wrap: wrap; gap: 1rem; }`;

const stageTitles: Readonly<Record<StageName, string>> = {
  search: 'Search',
  retrain: 'Re-training',
  random: 'Random structure',
};

/** A run as one HTML file that needs no other file and no network. Every text from outside is escaped. */
export function reportHtml({ result, modules, metrics, config }: ReportContent): string {
  const title = `${result.task} on ${result.model}, seed ${result.seed}`;
  const scores = scoreTable(result);
  const map = heatMapSvg(heatMap(modules), `Probability p of every candidate, ${title}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${[budgetSentence(result), ...dataSentences(result)].map(text => `<p>${escapeMarkup(text)}.</p>`).join('\n')}
${scores === undefined ? '' : `<h2>Scores</h2>\n${table(scores)}`}
<h2>Structure</h2>
<figure>${map}</figure>
${table(keptTable(modules))}
<h2>Time and memory</h2>
${table(resourcesTable(result))}
<h2>Curves</h2>
<div class="curves">${curves(metrics)}</div>
<h2>Configuration</h2>
<pre>${escapeMarkup(config)}</pre>
</body>
</html>
`;
}

function curves(metrics: readonly MetricsLine[]): string {
  return [...Map.groupBy(metrics, line => line.stage)]
    .flatMap(([stage, lines]) => [
      curveSvg(
        `${stageTitles[stage]}: loss`,
        lines.map(({ step, loss }) => ({ step, value: loss ?? Number.NaN })),
      ),
      curveSvg(
        `${stageTitles[stage]}: validation score`,
        lines.map(({ step, score }) => ({ step, value: score })),
      ),
    ])
    .join('\n');
}

function table({ header, rows }: Table): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map(cell => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line(header, 'th')}</thead><tbody>${rows.map(row => line(row, 'td')).join('')}</tbody></table>`;
}
