import type { RunResult } from '../runs/result.ts';
import type { HeatMapModule } from './heat-map.ts';
import { keptTable, resourcesTable, runSentences, scoreTable } from './summary.ts';
import { tableMarkdown } from './table.ts';
import type { Verdict } from './verdict/verdict.ts';

export interface MarkdownContent {
  readonly result: RunResult;
  readonly modules: readonly HeatMapModule[];
  /** Pictures by what they show, with the path to each from where the document will lie. */
  readonly pictures: Readonly<Record<string, string>>;
  readonly verdict?: Verdict;
}

/** A run as a Markdown document: what a report shows, with its pictures beside it. */
export function reportMarkdown({ result, modules, pictures, verdict }: MarkdownContent): string {
  const scores = scoreTable(result);
  return [
    `# ${plain(`${result.task} on ${result.model}, seed ${result.seed}`)}`,
    ...runSentences(result).map(text => `${text}.`),
    ...(verdict === undefined ? [] : verdictMarkdown(verdict)),
    ...Object.entries(pictures).map(([shows, path]) => `![${shows}](<${path.replaceAll(/[<>\\]/g, '\\$&')}>)`),
    ...(scores === undefined ? [] : ['## Scores', tableMarkdown(scores)]),
    '## Kept modules',
    tableMarkdown(keptTable(modules)),
    '## Time and memory',
    tableMarkdown(resourcesTable(result)),
  ].join('\n\n');
}

/** A verdict as a list, and the next command as one that can be copied. */
export function verdictMarkdown({ lines, next }: Verdict, title = 'Verdict'): string[] {
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
