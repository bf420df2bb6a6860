import { stringify } from 'yaml';
import type { PublishedModel, Usage } from '../export/exporter.ts';
import type { HeatMapModule } from '../report/heat-map.ts';
import { plain, verdictLines } from '../report/run-report.ts';
import { budgetSentence, keptTable, scoreTable } from '../report/summary.ts';
import { tableMarkdown } from '../report/table.ts';
import { range, type Verdict } from '../report/verdict/verdict.ts';
import type { RunResult } from '../runs/result.ts';

/** The picture's file, beside the card. */
export const pictureFile = 'structure.svg';

export interface CardContent extends PublishedModel {
  readonly result: RunResult;
  readonly modules: readonly HeatMapModule[];
  readonly verdict: Verdict | undefined;
  readonly licence: string;
  /** The base, where it is on the Hub. */
  readonly baseOnHub: string | undefined;
  readonly format: string;
  readonly usage: readonly Usage[];
}

/**
 * The README.md of a repository on the Hub: metadata for its search and its leaderboards, and what people want to know.
 * It holds numbers and names of the run, no row of its data and no path: findings and next commands, which may quote
 * either, are left out.
 */
export function modelCard(content: CardContent): string {
  const { repository, base, result, modules, verdict, usage, licence, format } = content;
  const scores = scoreTable(result);
  return [
    `---\n${stringify(metadata(content))}---`,
    `# ${plain(repository.split('/')[1]!)}`,
    [
      `What ${plain(base)} was tuned to do for ${plain(result.task)}, with the few modules that a search or a`,
      `person has chosen; exported as ${plain(format)} by [s3delta](https://www.npmjs.com/package/s3delta).`,
    ].join(' '),
    ...sentences(result).map(text => `${text}.`),
    `![where the modules are](${pictureFile})`,
    ...(scores === undefined ? [] : ['## Scores', `Of seed ${result.seed}${interval(result)}.`, tableMarkdown(scores)]),
    ...(verdict === undefined ? [] : ['## Verdict', verdictLines(verdict)]),
    '## How to load it',
    ...usage.map(({ program, language, code }) => `With ${program}:\n\n\`\`\`${language}\n${code}\n\`\`\``),
    '## What was trained',
    tableMarkdown(keptTable(modules)),
    '## Licence',
    `${plain(licence)}, as that of ${plain(base)}. What the data allow is for whoever has them to say.`,
    '',
  ].join('\n\n');
}

function sentences(result: RunResult): string[] {
  const { data } = result;
  return [
    budgetSentence(result),
    ...(data === undefined
      ? []
      : [`Trained on ${data.train} rows, chosen by ${data.validation}, tested on ${data.test}`]),
  ];
}

function interval({ testInterval, data }: RunResult): string {
  if (testInterval === undefined) return '';
  const rows = data === undefined ? 'its rows' : `its ${data.test} rows`;
  return `; 95 % interval of the test score ${range(testInterval)}, by ${rows} alone`;
}

/** @see https://huggingface.co/docs/hub/model-cards and its `modelcard.md` for the keys */
function metadata(content: CardContent): Readonly<Record<string, unknown>> {
  const { repository, result, licence, baseOnHub, classifies } = content;
  const type = classifies ? 'text-classification' : 'text2text-generation';
  const { score, seed } = result;
  return {
    license: licence,
    ...(baseOnHub !== undefined && { base_model: baseOnHub }),
    pipeline_tag: type,
    tags: ['s3delta', 'delta-tuning', 'parameter-efficient'],
    ...(score !== undefined &&
      Number.isFinite(score.test) && {
        'model-index': [
          {
            name: repository.split('/')[1],
            results: [
              {
                task: { type },
                dataset: { name: result.task, type: result.task, split: 'test' },
                metrics: [
                  {
                    type: score.metric,
                    value: score.test,
                    name: `test ${score.metric} (seed ${seed}${interval(result)})`,
                  },
                ],
              },
            ],
          },
        ],
      }),
  };
}
