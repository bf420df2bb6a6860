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
import { addResult, readResults } from '../results-file.ts';
import type { DemoCell, What } from './tables.ts';

/** What is searched and trained. */
export interface DemoRuns {
  readonly budgets: readonly string[];
  /** How many, from 0. */
  readonly seeds: number;
  /** Random structures a seed. */
  readonly draws: number;
  /** Whether LoRA on values is trained too, where the budget holds it. */
  readonly values: boolean;
  /** The file of finished cells, which are not made again. */
  readonly results: string;
}

/** Searches and trains what is not finished yet, each as `s3delta demo` does it. */
export async function runDemos(runs: DemoRuns): Promise<void> {
  const model = await loadModel(demoSettings.model!, { threads: 1 });
  for (let seed = 0; seed < runs.seeds; seed++) {
    for (const budget of runs.budgets) await runSeed(model, seed, budget, runs);
  }
}

async function runSeed(
  model: Model,
  seed: number,
  budget: string,
  { draws, values, results }: DemoRuns,
): Promise<void> {
  const { model: _, task: taskName, 'random-baseline': __, ...sizes } = demoSettings;
  const settings = { ...sizes, budget, seed, 'validation-loss': true };
  const done = new Set(
    readResults<DemoCell>(results)
      .filter(isHere)
      .map(({ what }) => what),
  );
  const wanted: What[] = ['found', ...Array.from({ length: draws }, (_, i) => `random ${i}` as const)];
  const onValues = values ? structureOnValues(model, budget) : undefined;
  if (onValues) wanted.push('values');
  if (wanted.every(what => done.has(what))) return;

  const task = await loadTask(taskName!);
  const data = await encodeTask(model, task, await loadTaskData(task, { data: '.', seed }), settings);
  const space = { space: 'mixed', budget, 'keep-inert': false, seed };
  for (const what of wanted) {
    if (done.has(what)) continue;
    const cpu = cpuClock();
    const found = what === 'found' ? await runToEnd(searchStructure(model, data, settings)) : undefined;
    const searchSeconds = cpu();
    const drawn = () => (what === 'values' ? onValues! : drawStructure(model, space, drawOf(what)));
    const structure = found?.structure ?? drawn();
    const kept = keptOf(structure);
    const trained = await train(structure, data, settings);
    const line: DemoCell = {
      ...{ budget, seed, what, kept, ...trained, majority: data.majority },
      ...(found && { search: { steps: found.steps, evaluations: found.evaluations, cpuSeconds: searchSeconds } }),
    };
    addResult(results, line);
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

const drawOf = (what: What) => Number(what.split(' ')[1]);

/** What a fair user without a search would take, where the budget holds it. */
function structureOnValues(model: Model, budget: string): Structure | undefined {
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
