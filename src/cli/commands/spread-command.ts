import { join } from 'node:path';
import {
  componentsTable,
  type SpreadOutcome,
  spreadNote,
  spreadTitle,
  structuresTable,
} from '../../experiments/spread-files.ts';
import { spread as runSpread } from '../../experiments/spread-structures.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import { tableLines } from '../../report/table.ts';
import { verdictText } from '../../report/verdict/verdict.ts';
import type { Command, Output } from '../command.ts';
import { showExperiment } from '../comparison-output.ts';
import { readSpreadSettings, spreadArgs } from '../experiment-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

export const spread: Command = {
  description: 'Train random structures over seeds: whether a search could win anything, before one is run',
  examples: {
    'my.yaml --structures 12 --seeds 2 --out runs/spread': '24 trainings of random structures',
  },
  args: spreadArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readSpreadSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runSpread(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    return spreadOutput(out, await withRepeatHint(runToEnd(events, showExperiment(onEvent, true))));
  },
};

function spreadOutput(out: string, outcome: SpreadOutcome): Output {
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
