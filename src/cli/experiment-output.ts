import { join } from 'node:path';
import {
  type Comparison,
  comparisonNotes,
  resourcesOf,
  rowsByTask,
  searchedStructures,
  severalTasks,
  verdictTitle,
} from '../experiments/comparison-job.ts';
import { probabilityMaps } from '../experiments/found-structures.ts';
import {
  componentsTable,
  type SpreadOutcome,
  spreadNote,
  spreadTitle,
  structuresTable,
} from '../experiments/spread-files.ts';
import type { ComparisonView } from '../report/comparison.ts';
import { comparisonTable, scoreMatrix } from '../report/comparison-tables.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapLines } from '../report/heat-map-terminal.ts';
import { type Table, tableLines } from '../report/table.ts';
import { verdictText } from '../report/verdict/verdict.ts';
import type { Output, Terminal } from './command.ts';

/** What a comparison prints at its end. */
export async function comparisonOutput(out: string, comparison: Comparison, terminal: Terminal): Promise<Output> {
  const maps = (await searchedStructures(comparison)).flatMap(({ name, structures }) => {
    const { mean, keptBy: kept, quantities } = probabilityMaps(structures);
    return [
      `${name}: ${quantities.mean.title} over ${structures.length} seed${structures.length === 1 ? '' : 's'}`,
      ...[...heatMapLines(heatMap(mean), { ...terminal, quantity: quantities.mean.name, kept }), ''],
    ];
  });
  const lines = [...maps, ...comparisonLines(out, comparison, terminal, resourcesOf(comparison))];
  return {
    document: { ...comparison, folder: out },
    lines,
    ...(comparison.failed.length > 0 && { exitCode: 1 as const }),
  };
}

/**
 * Tables and verdicts of a comparison, as it has ended or as it is read again.
 * @param resources time and memory of its searches, where they are known
 */
export function comparisonLines(
  out: string,
  comparison: ComparisonView,
  { columns }: Pick<Terminal, 'columns'>,
  resources?: Table,
): string[] {
  return [
    ...rowsByTask(comparison).flatMap(([task, rows]) => [
      `${task} on ${comparison.model}`,
      ...tableLines(comparisonTable(rows), columns),
      '',
    ]),
    ...(severalTasks(comparison) ? [...tableLines(scoreMatrix(comparison.rows), columns), ''] : []),
    ...(resources === undefined ? [] : [...tableLines(resources, columns), '']),
    ...comparisonNotes(comparison),
    ...failedLines(comparison.failed),
    ...['', `${join(out, 'compare.md')}, tables and pictures beside it`],
    ...(comparison.verdicts ?? []).flatMap(verdict => ['', ...verdictText(verdict, verdictTitle(verdict))]),
  ];
}

function failedLines(failed: ComparisonView['failed']): string[] {
  return failed.flatMap(({ run, folder, message }) => [
    '',
    `failed: ${run}${folder === undefined ? '' : ` (${folder})`}`,
    message,
  ]);
}

/** What a spread prints at its end. */
export function spreadOutput(out: string, outcome: SpreadOutcome): Output {
  const { model, spreads, failed } = outcome;
  const lines = [
    ...spreads.flatMap(spread => [
      `${spreadTitle(spread)} on ${model}`,
      ...[...tableLines(structuresTable(spread)), '', ...tableLines(componentsTable(spread)), ''],
    ]),
    spreadNote,
    ...failedLines(failed),
    ...['', `${join(out, 'spread.md')}, pictures beside it`],
    ...spreads.flatMap(spread => ['', ...verdictText(spread.verdict, `Verdict on ${spreadTitle(spread)}`)]),
  ];
  return { document: { ...outcome, folder: out }, lines, ...(failed.length > 0 && { exitCode: 1 as const }) };
}
