import { evenLora, listSpace, type Model, parseBudget, randomStructure } from '../../src/index.ts';
import { type Cell, cellKey, type SearchCell, type TrainCell } from './cells.ts';
import type { RateRuleName } from './rates.ts';
import type { SearchOutcome } from './run-search.ts';
import type { Finished } from './store.ts';

/** Re-training's rate for the built-in model. */
const RATE = 5e-3;
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

const across = <A, B, C>(as: readonly A[], bs: readonly B[], make: (a: A, b: B) => C): C[] =>
  as.flatMap(a => bs.map(b => make(a, b)));

/** Groups of cells, each for a question, in the order that answers most first. */
export const plans: Readonly<Record<string, (planner: Planner) => Cell[]>> = {
  /** Which rule lets α tell places apart? */
  rates: () =>
    [0, 1].flatMap(seed =>
      across(['sst2', 'stsb'], ['same', 'open', 'fifth', 'sixteenth'] as const, (task, rule) =>
        searchCell(task, seed, rule),
      ),
    ),
};

export function planCells(model: Model, names: readonly string[], done: ReadonlyMap<string, Finished>): Cell[] {
  return names.flatMap(name => {
    const plan = plans[name];
    if (!plan) throw new Error(`no plan ${name}: there are ${Object.keys(plans).join(', ')}`);
    return plan({ model, done });
  });
}
