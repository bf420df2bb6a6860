import { join } from 'node:path';
import {
  componentsTable,
  type SpreadOutcome,
  spreadNote,
  spreadTitle,
  structuresTable,
} from '../experiments/spread-files.ts';
import { tableLines } from '../report/table.ts';
import { verdictText } from '../report/verdict/verdict.ts';
import type { Output } from './command.ts';

/** What a spread prints at its end. */
export function spreadOutput(out: string, outcome: SpreadOutcome): Output {
  const { model, spreads, failed } = outcome;
  const lines = [
    ...spreads.flatMap(spread => [
      `${spreadTitle(spread)} on ${model}`,
      ...[...tableLines(structuresTable(spread)), '', ...tableLines(componentsTable(spread)), ''],
    ]),
    spreadNote,
    ...failed.flatMap(({ run, folder, message }) => ['', `failed: ${run} (${folder})`, message]),
    ...['', `${join(out, 'spread.md')}, pictures beside it`],
    ...spreads.flatMap(spread => ['', ...verdictText(spread.verdict, `Verdict on ${spreadTitle(spread)}`)]),
  ];
  return { document: { ...outcome, folder: out }, lines, ...(failed.length > 0 && { exitCode: 1 as const }) };
}
