import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Comparison, resourcesOf } from '../../src/experiments/comparison-job.ts';
import { comparisonTable, scoreMatrix, testSentence } from '../../src/report/comparison-tables.ts';
import { type Table, tableMarkdown } from '../../src/report/table.ts';
import { differences } from './differences.ts';
import { equations, type PaperItem, tablesAndFigures } from './items.ts';

/** What is kept of a comparison, as measured: its rows, and of its runs those that searched. */
export interface Measured extends Pick<Comparison, 'model' | 'rows' | 'runs' | 'sharedBudgets'> {
  readonly machine: string;
  /** What was run. */
  readonly command: string;
  /** SHA-256 of the built-in model's weights. */
  readonly weights: string;
}

export const measuredFolder = join('docs', 'measured');

/** The kept heat map of a task, from the project's root. */
export const mapFile = (example: string, task: string) => join(measuredFolder, `${example}-${task}.svg`);

/** SHA-256 of the built-in model's weights, as they are now. */
export function currentWeights(root: string): string {
  const lines = readFileSync(join(root, 'models', 'mini', 'SHA256SUMS'), 'utf8').split('\n');
  return lines.find(line => line.endsWith('  model.safetensors'))!.split(' ')[0]!;
}

/** The text of docs/paper.md, from the sources as they are and the results that are kept. Throws where a symbol is gone. */
export function paperPage(root: string): string {
  const weights = currentWeights(root);
  const items = tablesAndFigures.map(item => ({ item, measured: readMeasured(root, item) }));
  return [
    '<!-- Made by `node tools/paper/main.ts`: change tools/paper/, or measure again, not this file. -->',
    '# The paper, piece by piece',
    'Where each equation, table and figure of [S³Delta](https://arxiv.org/abs/2206.07382) and its appendix stands in this program, the command that makes it again, and what came out on the built-in model. The files in `examples/paper/` are for T5-large at the paper’s setting; those ending in `-mini` finish on two cores within minutes.',
    '## Equations',
    tableMarkdown({
      header: ['equation', 'what it says', 'where'],
      rows: equations.map(item => [item.name, item.says, placesOf(root, item)]),
    }),
    '## Tables and figures',
    tableMarkdown({
      header: ['piece', 'what it shows', 'where', 'command', 'outcome on the built-in model'],
      rows: items.map(({ item, measured }) => [
        item.name,
        item.says,
        placesOf(root, item),
        commandOf(item),
        outcomeOf(item, measured),
      ]),
    }),
    '## Where this goes another way',
    differences.map(text => `- ${text}`).join('\n'),
    ...items.flatMap(({ item, measured }) => (measured === undefined ? [] : detailsOf(root, item, measured, weights))),
    '',
  ].join('\n\n');
}

function placesOf(root: string, { places }: PaperItem): string {
  return places
    .map(({ file, symbol }) => {
      const line =
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .findIndex(text => text.includes(symbol)) + 1;
      if (line === 0) throw new Error(`${file} has no line with "${symbol}"`);
      return `[${file}:${line}](../${file}#L${line})`;
    })
    .join(', ');
}

function commandOf({ command, example }: PaperItem): string {
  return example === undefined ? '' : `\`s3delta ${command} examples/paper/${example}.yaml\``;
}

function readMeasured(root: string, { example }: PaperItem): Measured | undefined {
  const file = join(root, measuredFolder, `${example}.json`);
  return example !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Measured) : undefined;
}

function outcomeOf({ name, example }: PaperItem, measured: Measured | undefined): string {
  if (example === undefined) return '';
  return measured === undefined ? 'not measured' : `[below](#${anchor(name)})`;
}

function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(' ', '-');
}

function detailsOf(root: string, item: PaperItem, measured: Measured, weights: string): string[] {
  const { name, example, finding, maps } = item;
  const { machine, command, rows, runs, sharedBudgets, model } = measured;
  const byTask = [...Map.groupBy(rows, row => row.task)];
  const resources = resourcesOf({ model, rows, runs, sharedBudgets, failed: [] });
  const tables: (readonly [string, Table])[] = [
    ...(byTask.length > 1 ? [['All tasks', scoreMatrix(rows)] as const] : []),
    ...byTask.map(([task, own]) => [task, comparisonTable(own)] as const),
    ...(resources === undefined ? [] : [['Search and re-training', resources] as const]),
  ];
  const test = testSentence(rows);
  return [
    `## ${name}`,
    ...(finding === undefined ? [] : [finding]),
    `Measured on ${machine}: \`${command}\`.`,
    ...(measured.weights === weights
      ? []
      : [
          `This was before the weights of \`${model}\` were replaced: theirs had the SHA-256 ${measured.weights.slice(0, 12)}….`,
        ]),
    ...tables.flatMap(([title, table]) => [`**${title}**`, tableMarkdown(table)]),
    ...(test === undefined ? [] : [test]),
    ...(maps && example !== undefined
      ? mapsOf(
          root,
          example,
          byTask.map(([task]) => task),
        )
      : []),
  ];
}

function mapsOf(root: string, example: string, tasks: readonly string[]): string[] {
  return tasks
    .filter(task => existsSync(join(root, mapFile(example, task))))
    .map(task => `![Mean p of ${task}](measured/${basename(mapFile(example, task))})`);
}
