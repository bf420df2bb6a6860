import type { RunResult } from '../runs/result.ts';
import type { HeatMapModule } from './heat-map.ts';
import { keptTable, resourcesTable, runSentences, scoreTable } from './summary.ts';
import { tableMarkdown } from './table.ts';

export interface MarkdownContent {
  readonly result: RunResult;
  readonly modules: readonly HeatMapModule[];
  /** Pictures by what they show, with the path to each from where the document will lie. */
  readonly pictures: Readonly<Record<string, string>>;
}

/** A run as a Markdown document: what a report shows, with its pictures beside it. */
export function reportMarkdown({ result, modules, pictures }: MarkdownContent): string {
  const scores = scoreTable(result);
  return [
    `# ${plain(`${result.task} on ${result.model}, seed ${result.seed}`)}`,
    ...runSentences(result).map(text => `${text}.`),
    ...Object.entries(pictures).map(([shows, path]) => `![${shows}](<${path.replaceAll(/[<>\\]/g, '\\$&')}>)`),
    ...(scores === undefined ? [] : ['## Scores', tableMarkdown(scores)]),
    '## Kept modules',
    tableMarkdown(keptTable(modules)),
    '## Time and memory',
    tableMarkdown(resourcesTable(result)),
  ].join('\n\n');
}

/** Text that Markdown leaves as it is. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|]/g, '\\$&').replaceAll('\n', ' ');
}
