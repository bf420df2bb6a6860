/**
 * The evidence: `node bench/evidence/main.ts` makes all that docs/measured/found-or-random.md shows: cells on GLUE, the
 * demo's e-mails, the tables. `--plan rates,found,…` makes the cells of some plans alone. Cells are walked in the plan's
 * order; a finished one is never repeated, so the command goes on after any end. More workers are more of the same command.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadModel } from '../../src/index.ts';
import { runDemos } from '../demo/run-demos.ts';
import { type Cell, cellKey } from './cells.ts';
import { BUDGET } from './contestants.ts';
import { claimed, OTHER_BUDGETS, planCells, plans } from './plan.ts';
import { runSearch } from './run-search.ts';
import { runStrategy } from './run-strategy.ts';
import { runTrain } from './run-train.ts';
import { type Finished, openStore } from './store.ts';
import { kept, writePages } from './tables/pages.ts';
import { type EvidenceData, loadEvidenceData } from './task-data.ts';

const { values } = parseArgs({
  options: {
    plan: { type: 'string' },
    results: { type: 'string', default: kept.results },
    claims: { type: 'string', default: join(tmpdir(), 's3delta-evidence-claims') },
    'only-below-load': { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const wanted = values.plan?.split(',') ?? claimed;
const unknown = wanted.filter(name => !Object.hasOwn(plans, name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no plan ${unknown.join(', ')}`);
  console.error(`npm run evidence [-- --plan NAME,… --list --results FILE --claims FOLDER --only-below-load LOAD]
All that docs/measured/found-or-random.md shows, e-mails and tables too; with --plan the cells of some plans alone, of
${Object.keys(plans).join(', ')}.
S3DELTA_SHARED names the folder that holds data/glue.`);
  process.exit(values.help ? 0 : 2);
}

const store = openStore(values.results, values.claims);
const model = await loadModel('mini', { threads: 1 });
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, 1 thread a cell`;

const cache = new Map<string, Promise<EvidenceData>>();
function dataOf({ task, seed }: Cell): Promise<EvidenceData> {
  const key = `${task}/${seed}`;
  if (!cache.has(key)) {
    cache.clear();
    cache.set(key, loadEvidenceData(model, task, seed));
  }
  return cache.get(key)!;
}

function outcomeOf(cell: Cell, data: EvidenceData): Promise<Finished['outcome']> {
  if (cell.kind === 'search') return runSearch(model, data, cell);
  return cell.kind === 'strategy' ? runStrategy(model, data, cell) : runTrain(model, data, cell);
}

async function run(cell: Cell): Promise<void> {
  const data = await dataOf(cell);
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const outcome = await outcomeOf(cell, data);
  const used = process.cpuUsage(cpu);
  const cpuSeconds = Math.round((used.user + used.system) / 1e5) / 10;
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const finished = new Date().toISOString();
  store.finish({ key: cellKey(cell), cell, commit, machine, cpuSeconds, seconds, finished, outcome });
  console.log(finished, cellKey(cell), cpuSeconds, seconds);
}

function nextCell(): Cell | undefined {
  const done = store.read();
  return planCells(model, wanted, done).find(cell => !done.has(cellKey(cell)) && store.claim(cell));
}

if (values.list) {
  const done = store.read();
  for (const cell of planCells(model, wanted, done)) {
    console.log(done.has(cellKey(cell)) ? 'done' : 'open', JSON.stringify(cell));
  }
} else {
  const limit = Number(values['only-below-load'] ?? Number.POSITIVE_INFINITY);
  for (;;) {
    while (loadavg()[0]! > limit) await setTimeout(10_000);
    const cell = nextCell();
    if (cell === undefined) break;
    await run(cell);
  }
  if (values.plan === undefined) {
    const emails = { draws: 2, values: true, results: kept.emails };
    await runDemos({ ...emails, budgets: [BUDGET], seeds: 10 });
    await runDemos({ ...emails, budgets: OTHER_BUDGETS, seeds: 8 });
    await writePages({ ...kept, results: values.results });
  }
}
