/**
 * Writes the tables of finished cells into pages: `node bench/evidence/tables.ts docs/measured/search-rates.md …`. Prose
 * around the marks stays as it is. With `--picture PATH` also the curve of score against parameters.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadModel } from '../../src/index.ts';
import { readDemoCells } from '../demo/results.ts';
import { BUDGET, SUITED } from './contestants.ts';
import { fillMarks } from './markdown.ts';
import { OTHER_BUDGETS, SUITED_TASKS } from './plan.ts';
import { openStore } from './store.ts';
import { agreementTable } from './tables/agreement.ts';
import { budgetsPicture, budgetsTable, kindsTable, taskBudgetsTable } from './tables/budgets.ts';
import { budgetDifferencesTable, differencesTable, emailsAt, rivalsTable } from './tables/differences.ts';
import { ordersTable, ratesTable, searchesTable } from './tables/searches.ts';
import { stabilityTable } from './tables/stability.ts';
import { defaultsTable, strategiesTable } from './tables/strategies.ts';
import { stepsTable, trainingsTable } from './tables/trainings.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string', default: 'docs/measured/evidence.jsonl' },
    emails: { type: 'string', default: 'docs/measured/demo.jsonl' },
    picture: { type: 'string' },
  },
});
const done = openStore(values.results, join(tmpdir(), 's3delta-evidence-claims')).read();
const emails = readDemoCells(values.emails);
const model = await loadModel('mini');
/** SST-2 until held-out loss has stopped falling, the others for half as long. */
const hows = {
  sst2: { steps: 1200, ...SUITED },
  ...Object.fromEntries(SUITED_TASKS.map(task => [task, { steps: 600, ...SUITED }])),
};
const tables = {
  rates: () => ratesTable(done),
  searches: () => searchesTable(done),
  agreement: () => agreementTable(done),
  orders: () => ordersTable(done),
  differences: () => differencesTable(done, model, hows),
  rivals: () => rivalsTable(done, model, hows),
  strategies: () => strategiesTable(done),
  defaults: () => defaultsTable(done, model, hows),
  budgets: () => budgetsTable(done, model),
  'task-budgets': () => taskBudgetsTable(done, model, SUITED_TASKS, { ...SUITED, steps: 600 }),
  'budget-differences': () =>
    budgetDifferencesTable(done, model, [...OTHER_BUDGETS, BUDGET].sort(), hows, budget => emailsAt(emails, budget)),
  kinds: () => kindsTable(done),
  steps: () => stepsTable(done, model, 'sst2', hows.sst2),
  stability: () => stabilityTable(done, model),
  trainings: () => trainingsTable(done),
};
for (const path of positionals) writeFileSync(path, fillMarks(readFileSync(path, 'utf8'), tables));
if (values.picture !== undefined) writeFileSync(values.picture, budgetsPicture(done, model));
