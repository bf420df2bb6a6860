import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '../../../src/index.ts';
import { type DemoCell, demoTables } from '../../demo/tables.ts';
import { readResults } from '../../results-file.ts';
import { BUDGET, SUITED } from '../contestants.ts';
import { fillMarks } from '../markdown.ts';
import { OTHER_BUDGETS, SUITED_TASKS } from '../plan.ts';
import { openStore } from '../store.ts';
import { agreementTable } from './agreement.ts';
import { budgetsPicture, budgetsTable, kindsTable, taskBudgetsTable } from './budgets.ts';
import { budgetDifferencesTable, differencesTable, emailsAt, rivalsTable } from './differences.ts';
import { ordersTable, ratesTable, searchesTable } from './searches.ts';
import { stabilityTable } from './stability.ts';
import { defaultsTable, strategiesTable } from './strategies.ts';
import { stepsTable, trainingsTable } from './trainings.ts';

/** Where finished cells are, and the pages and the picture that show them. */
export interface Kept {
  readonly results: string;
  readonly emails: string;
  readonly pages: readonly string[];
  readonly picture?: string;
}

/** What the pages of the evidence are made of. */
export const kept: Kept = {
  results: 'docs/measured/evidence.jsonl',
  emails: 'docs/measured/demo.jsonl',
  pages: ['found-or-random', 'search-rates', 'demo'].map(name => `docs/measured/${name}.md`),
  picture: 'docs/measured/score-against-parameters.svg',
};

/** Writes the tables into the pages, between their marks. Prose around them stays as it is. */
export async function writePages({ results, emails: emailsFile, pages, picture }: Kept): Promise<void> {
  const done = openStore(results, join(tmpdir(), 's3delta-evidence-claims')).read();
  const emails = readResults<DemoCell>(emailsFile);
  const model = await loadModel('mini');
  /** SST-2 until held-out loss has stopped falling, the others for half as long. */
  const hows = {
    sst2: { steps: 1200, ...SUITED },
    ...Object.fromEntries(SUITED_TASKS.map(task => [task, { steps: 600, ...SUITED }])),
  };
  const tables = {
    ...demoTables(emails),
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
  for (const path of pages) writeFileSync(path, fillMarks(readFileSync(path, 'utf8'), tables));
  if (picture !== undefined) writeFileSync(picture, budgetsPicture(done, model));
}
