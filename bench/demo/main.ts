/**
 * What the demo's structures score, over seeds and budgets: `node bench/demo/main.ts [--budgets 0.01%,0.02%] [--seeds 10]`.
 * A cell is a search or a training, made as `s3delta demo` makes it; finished ones stand in the results and are not made
 * again, so the command goes on after any end. `--tables docs/measured/demo.md` writes the tables of what there is.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { demoSettings } from '../../src/cli/commands/tune-commands.ts';
import {
  drawStructure,
  type EncodedTask,
  encodeTask,
  evaluate,
  loadModel,
  loadTask,
  loadTaskData,
  type Model,
  runToEnd,
  type Structure,
  searchStructure,
  tune,
} from '../../src/index.ts';
import { createStructure, listSpace } from '../../src/research.ts';
import { evenValues } from '../evidence/contestants.ts';
import { fillMarks } from '../evidence/markdown.ts';
import { readDemoCells } from './results.ts';
import { type DemoCell, demoTables, type What } from './tables.ts';

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

const read = () => readDemoCells(values.results);

if (values.tables !== undefined) {
  writeFileSync(values.tables, fillMarks(readFileSync(values.tables, 'utf8'), demoTables(read())));
} else {
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    for (const budget of values.budgets.split(',')) await runSeed(seed, budget);
  }
}

async function runSeed(seed: number, budget: string): Promise<void> {
  const { model: name, task: taskName, 'random-baseline': _, ...sizes } = demoSettings;
  const settings = { ...sizes, budget, seed, 'validation-loss': true };
  const done = new Set(
    read()
      .filter(isHere)
      .map(({ what }) => what),
  );
  const wanted: What[] = ['found', ...Array.from({ length: Number(values.draws) }, (_, i) => `random ${i}` as const)];
  if (values.values) wanted.push('values');
  if (wanted.every(what => done.has(what))) return;

  const model = await loadModel(name!, { threads: 1 });
  const task = await loadTask(taskName!);
  const data = await encodeTask(model, task, await loadTaskData(task, { data: '.', seed }), settings);
  const space = { space: 'mixed', budget, 'keep-inert': false, seed };
  for (const what of wanted) {
    if (done.has(what)) continue;
    const cpu = cpuClock();
    const found = what === 'found' ? await runToEnd(searchStructure(model, data, settings)) : undefined;
    const searchSeconds = cpu();
    const drawn = () => (what === 'values' ? onValues(model, budget) : drawStructure(model, space, drawOf(what)));
    const structure = found?.structure ?? drawn();
    if (!structure) continue;
    const kept = keptOf(structure);
    const trained = await train(structure, data, settings);
    const line: DemoCell = {
      ...{ budget, seed, what, kept, ...trained, majority: data.majority },
      ...(found && { search: { steps: found.steps, evaluations: found.evaluations, cpuSeconds: searchSeconds } }),
    };
    appendFileSync(values.results, `${JSON.stringify(line)}\n`);
    console.log(new Date().toISOString(), JSON.stringify(line));
  }

  function isHere(cell: DemoCell): boolean {
    return cell.seed === seed && cell.budget === budget;
  }

  async function train(structure: Structure, data: EncodedTask, settings: Parameters<typeof tune>[3]) {
    const cpu = cpuClock();
    const losses: number[] = [];
    const events = tune(model, structure, data, settings);
    for (;;) {
      const next = await events.next();
      if (!next.done) {
        if (next.value.type === 'evaluation') losses.push(Number(next.value.validationLoss!.toFixed(4)));
        continue;
      }
      const { score: validation, steps } = next.value;
      const cpuSeconds = cpu();
      const test = await evaluate(model, next.value, data, 'test');
      return { steps, losses, validation, test, cpuSeconds };
    }
  }
}

function drawOf(what: What): number {
  return Number(what.split(' ')[1]);
}

/** What a fair user without a search would take, where the budget holds it. */
function onValues(model: Model, budget: string): Structure | undefined {
  const wanted = new Set(evenValues(model, budget));
  const modules = listSpace(model.sites, 'mixed').filter(({ id }) => wanted.has(id));
  if (modules.length === 0) return undefined;
  return createStructure(model, { space: 'mixed', budget: null }, modules, { kept: modules.map(() => true) });
}

function keptOf({ modules }: Structure): readonly string[] {
  return modules.filter(({ kept }) => kept).map(({ site, kind }) => `${site}:${kind}`);
}

/** Seconds of the processor since now: other programs run beside, so the clock says little. */
function cpuClock(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return Math.round((user + system) / 1e5) / 10;
  };
}
