import { evenLora, listSpace, type Model, parseBudget, randomStructure } from '../../src/index.ts';
import { type Cell, cellKey, type SearchCell, type TrainCell } from './cells.ts';
import type { RateRuleName } from './rates.ts';
import type { SearchOutcome } from './run-search.ts';
import type { Finished } from './store.ts';

/** Re-training's rate for the built-in model. */
export const RATE = 5e-3;
const TRAIN_STEPS = 1200;

interface Planner {
  readonly model: Model;
  readonly done: ReadonlyMap<string, Finished>;
}

export function searchCell(task: string, seed: number, rule: RateRuleName, more: Partial<SearchCell> = {}): SearchCell {
  const base = { budget: '0.01%', steps: 300, order: 'first', rate: RATE, alphaRate: 0.1 } as const;
  return { kind: 'search', task, seed, rule, ...base, ...more };
}

export const trainCell = (
  task: string,
  seed: number,
  modules: readonly string[],
  more: Partial<TrainCell> = {},
): TrainCell => ({
  kind: 'train',
  task,
  seed,
  modules,
  steps: TRAIN_STEPS,
  rate: RATE,
  ...more,
});

export function randomModules(model: Model, seed: number, draw: number, amount = '0.01%'): string[] {
  const modules = listSpace(model.sites, 'mixed');
  const budget = parseBudget(amount, model.parameters);
  const kept = randomStructure(modules, { budget, keepInert: false, seed, draw });
  return modules.filter((_, i) => kept[i]).map(({ id }) => id);
}

export const evenModules = (model: Model, amount = '0.01%') =>
  evenLora(model.sites, parseBudget(amount, model.parameters)).map(({ id }) => id);

/** The training of what a search has found, once it has. */
export function foundCell({ done }: Pick<Planner, 'done'>, search: SearchCell): TrainCell[] {
  const found = done.get(cellKey(search))?.outcome as SearchOutcome | undefined;
  return found ? [trainCell(search.task, search.seed, found.modules)] : [];
}

/** What a fair user without a search would take for one LoRA: values, at even distances. */
export function evenValues(model: Model, count: number): string[] {
  const hosts = listSpace(model.sites, 'mixed').filter(({ id }) => id.endsWith('SelfAttention.v:lora'));
  return Array.from({ length: count }, (_, i) => hosts[Math.floor(((i + 0.5) * hosts.length) / count)]!.id);
}

/** Found by a search, beside its rivals, of one seed: all that the paired comparison takes. */
function rivals(planner: Planner, task: string, seed: number, search: SearchCell): Cell[] {
  const { model } = planner;
  const random = (draw: number) => trainCell(task, seed, randomModules(model, seed, draw));
  return [
    search,
    ...foundCell(planner, search),
    ...[0, 1].map(random),
    trainCell(task, seed, evenModules(model)),
    ...[2, 3].map(random),
    trainCell(task, seed, evenModules(model), { rate: RATE / 3 }),
    trainCell(task, seed, evenValues(model, 1)),
  ];
}

/** The search whose answers are compared: 300 steps of the first order, half of a re-training's cost. */
export const chosen = (task: string, seed: number) => searchCell(task, seed, 'open');

/** Groups of cells, each for a question, in the order that answers most first. */
export const plans: Readonly<Record<string, (planner: Planner) => Cell[]>> = {
  /** Which rule lets α tell places apart? */
  rates: planner => [
    ...(['same', 'open', 'fifth'] as const).map(rule => searchCell('sst2', 0, rule)),
    ...(['open', 'same', 'fifth'] as const).map(rule => searchCell('stsb', 0, rule, { steps: 150 })),
    ...foundCell(planner, searchCell('sst2', 0, 'open')),
    ...(['open', 'same', 'fifth'] as const).map(rule => searchCell('sst2', 1, rule, { steps: 150 })),
  ],
  /** The same elsewhere: another task, budget and lengths. */
  elsewhere: () => [
    ...(['open', 'same'] as const).map(rule => searchCell('sst2', 0, rule, { steps: 75 })),
    ...(['open', 'same'] as const).map(rule => searchCell('mrpc', 0, rule, { steps: 75 })),
    ...(['open', 'same'] as const).map(rule => searchCell('sst2', 0, rule, { steps: 150, budget: '0.02%' })),
    ...(['open', 'same'] as const).map(rule => searchCell('cola', 0, rule, { steps: 150 })),
  ],
  /** Without the candidates that can never be kept, which take a share of p and of the time. */
  fitting: planner => [
    searchCell('sst2', 0, 'open', { steps: 150, candidates: 'fitting' }),
    searchCell('sst2', 0, 'open', { steps: 150 }),
    searchCell('stsb', 0, 'open', { steps: 150, candidates: 'fitting' }),
    ...foundCell(planner, searchCell('sst2', 0, 'open', { steps: 150, candidates: 'fitting' })),
  ],
  /** Does α still tell at twice the length, and is the rate that was right for 300 steps? */
  longer: () => (['open', 'fifth', 'same'] as const).map(rule => searchCell('sst2', 0, rule, { steps: 600 })),
  /** Is the second order worth twice the first's cost? */
  orders: () => [
    ...(['first', 'one-sided', 'second'] as const).map(order => searchCell('sst2', 0, 'open', { steps: 75, order })),
  ],
  /** Found beside random, best of random and even LoRA, by paired seeds. */
  rivals: planner =>
    [0, 1, 2, 3].flatMap(seed => ['sst2', 'stsb'].flatMap(task => rivals(planner, task, seed, chosen(task, seed)))),
};

export function planCells(model: Model, names: readonly string[], done: ReadonlyMap<string, Finished>): Cell[] {
  return names.flatMap(name => {
    const plan = plans[name];
    if (!plan) throw new Error(`no plan ${name}: there are ${Object.keys(plans).join(', ')}`);
    return plan({ model, done });
  });
}
