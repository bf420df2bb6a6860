/**
 * What the demo's structures score, over seeds and budgets: `node bench/demo/main.ts [--budgets 0.01%,0.02%] [--seeds 10]`.
 * A cell is a search or a training, made as `s3delta demo` makes it; finished ones stand in the results and are not made
 * again, so the command goes on after any end. `--tables docs/measured/demo.md` writes the tables of what there is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { demoSettings } from '../../src/cli/commands/tune-commands.ts';
import { countOf } from '../counts.ts';
import { fillMarks } from '../evidence/markdown.ts';
import { readResults } from '../results-file.ts';
import { runDemos } from './run-demos.ts';
import { demoTables } from './tables.ts';

const { values } = parseArgs({
  options: {
    budgets: { type: 'string', default: demoSettings.budget! },
    seeds: { type: 'string', default: '10' },
    draws: { type: 'string', default: '2' },
    values: { type: 'boolean', default: false },
    results: { type: 'string', default: 'docs/measured/demo.jsonl' },
    tables: { type: 'string' },
  },
});

if (values.tables !== undefined) {
  const page = readFileSync(values.tables, 'utf8');
  writeFileSync(values.tables, fillMarks(page, demoTables(readResults(values.results))));
} else {
  const [seeds, draws] = [countOf(values, 'seeds'), countOf(values, 'draws')];
  await runDemos({ ...values, budgets: values.budgets.split(','), seeds, draws });
}
