/**
 * The evidence: `node bench/evidence/main.ts [--plan rates,found,…] [--worker 1]`. Cells are walked in the plan's order; a
 * finished one is never repeated, so the command goes on after any end. More workers are more of the same command.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadModel } from '../../src/index.ts';
import { type Cell, cellKey } from './cells.ts';
import { planCells, plans } from './plan.ts';
import { runSearch } from './run-search.ts';
import { runStrategy } from './run-strategy.ts';
import { runTrain } from './run-train.ts';
import { type Finished, openStore } from './store.ts';
import { type EvidenceData, loadEvidenceData } from './task-data.ts';

const { values } = parseArgs({
  options: {
    plan: { type: 'string', default: Object.keys(plans).join() },
    results: { type: 'string', default: 'docs/measured/evidence.jsonl' },
    claims: { type: 'string', default: join(tmpdir(), 's3delta-evidence-claims') },
    'only-below-load': { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

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
  return planCells(model, values.plan.split(','), done).find(cell => !done.has(cellKey(cell)) && store.claim(cell));
}

if (values.list) {
  const done = store.read();
  for (const cell of planCells(model, values.plan.split(','), done)) {
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
}
