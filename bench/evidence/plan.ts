import type { Model } from '../../src/index.ts';
import {
  deltas,
  evenLora,
  listManualModules,
  listSpace,
  parseBudget,
  randomStructure,
  rateOfKinds,
  shareOfModules,
} from '../../src/research.ts';
import { type Cell, cellKey, type SearchCell, type StrategyCell, type TrainCell } from './cells.ts';
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

function searchCell(task: string, seed: number, rule: RateRuleName, more: Partial<SearchCell> = {}): SearchCell {
  const base = { budget: '0.01%', steps: 300, order: 'first', rate: RATE, alphaRate: 0.1 } as const;
  return { kind: 'search', task, seed, rule, ...base, ...more };
}

/** Whether a training takes the rate that suits its modules, or the same as any other. */
export interface Rates {
  readonly suited?: true;
}
export const SUITED: Rates = { suited: true };

export function trainCell(
  task: string,
  seed: number,
  modules: readonly string[],
  { suited, ...more }: Partial<TrainCell> & Rates = {},
): TrainCell {
  const rate = suited ? suitedRate(modules) : RATE;
  return { kind: 'train', task, seed, modules, steps: TRAIN_STEPS, rate, ...more };
}

/** The rate that the program gives a training of modules with these ids. */
function suitedRate(ids: readonly string[]): number {
  const kinds = ids.map(id => deltas[id.split(':').at(-1)!]!);
  return Number((RATE * rateOfKinds(kinds) * shareOfModules(ids.length)).toPrecision(4));
}

export function randomModules(model: Model, seed: number, draw: number, amount = '0.01%'): string[] {
  const modules = listSpace(model.sites, 'mixed');
  const budget = parseBudget(amount, model.parameters);
  const kept = randomStructure(modules, { budget, keepInert: false, seed, draw });
  return modules.filter((_, i) => kept[i]).map(({ id }) => id);
}

export const evenModules = (model: Model, amount = '0.01%') =>
  evenLora(model.sites, parseBudget(amount, model.parameters)).map(({ id }) => id);

/** The training of what a search has found, once it has. */
function foundCell(
  { done }: Pick<Planner, 'done'>,
  search: SearchCell | StrategyCell,
  more: Partial<TrainCell> = {},
): TrainCell[] {
  const found = done.get(cellKey(search))?.outcome as Pick<SearchOutcome, 'modules'> | undefined;
  return found ? [trainCell(search.task, search.seed, found.modules, more)] : [];
}

/** A search by a strategy, and the training of what it has found. */
function searchedAndTrained(
  planner: Pick<Planner, 'done'>,
  task: string,
  seed: number,
  name: string,
  { steps, budget, ...rates }: { readonly steps: number; readonly budget?: string } & Rates,
): Cell[] {
  const search = strategyCell(task, seed, name, budget, rates);
  return [search, ...foundCell(planner, search, { steps, ...rates })];
}

/** What a fair user without a search would take: LoRA of rank 1 on as many values as fit, at even distances. */
export function evenValues(model: Model, amount = '0.01%'): string[] {
  const hosts = listSpace(model.sites, 'mixed').filter(({ id }) => id.endsWith('SelfAttention.v:lora'));
  const count = Math.min(hosts.length, Math.floor(parseBudget(amount, model.parameters) / hosts[0]!.parameters));
  return Array.from({ length: count }, (_, i) => hosts[Math.floor(((i + 0.5) * hosts.length) / count)]!.id);
}

/** Found by the default search, beside two random structures and LoRA on values, of one seed. */
function fewRivals(
  { model, done }: Planner,
  task: string,
  seed: number,
  { steps, budget = '0.01%', ...rates }: { readonly steps: number; readonly budget?: string } & Rates,
): Cell[] {
  const how = { steps, ...rates };
  const values = evenValues(model, budget);
  return [
    ...searchedAndTrained({ done }, task, seed, DEFAULT, { ...how, budget }),
    ...[0, 1].map(draw => trainCell(task, seed, randomModules(model, seed, draw, budget), how)),
    ...(values.length > 0 ? [trainCell(task, seed, values, how)] : []),
  ];
}

/** Found by a search, beside all its rivals, of one seed. */
function rivals(planner: Planner, task: string, seed: number, steps: number): Cell[] {
  const { model } = planner;
  const random = (draw: number) => trainCell(task, seed, randomModules(model, seed, draw), { steps });
  return [
    ...fewRivals(planner, task, seed, { steps }),
    trainCell(task, seed, evenModules(model), { steps }),
    ...[2, 3].map(random),
    trainCell(task, seed, evenModules(model), { steps, rate: RATE / 3 }),
  ];
}

/** Steps of a random structure that is trained for the whole cost of the search as well, of a training of so many. */
export const LONGER: Readonly<Record<number, number>> = { 600: 1062, 1200: 1716 };

/** The rivals that spend on training or on rates what the search spends. */
function dearRivals({ model }: Planner, task: string, seed: number, steps: number): Cell[] {
  return [
    trainCell(task, seed, randomModules(model, seed, 0), { steps: LONGER[steps]! }),
    ...TUNED_RATES.slice(1).map(rate => trainCell(task, seed, evenValues(model), { steps, rate })),
  ];
}

/** S³Delta's search without its last word, and with it: four finalists, a sixth of a re-training in all. */
const ALONE = 'bilevel, first order';
export const S3DELTA = 'bilevel, then a last word';
/** The same with twice as long trainings. */
const WITH_LONGER_LAST_WORD = 'bilevel, then a longer last word';
const SENSITIVITY = 'sensitivity';
const SENSITIVITY_HALF = 'sensitivity, half as long';
/** The program's default, whose answers are compared. */
export const DEFAULT = 'sensitivity, half as long, then a last word';

const lastWordOf = (finalistSteps: number) => ({
  ...{ strategy: 'bilevel', steps: 75 },
  options: { finalists: 4, 'finalist-steps': finalistSteps, 'max-steps': TRAIN_STEPS, 'search-steps': 75 },
});

/**
 * The program's strategies, each as long as its own way asks, at one to some three times the losses with gradients of the
 * chosen search.
 */
export const strategies: Readonly<Record<string, Pick<StrategyCell, 'strategy' | 'steps' | 'options'>>> = {
  [ALONE]: { strategy: 'bilevel', steps: 75, options: { finalists: 1 } },
  [S3DELTA]: lastWordOf(TRAIN_STEPS / 24),
  [WITH_LONGER_LAST_WORD]: lastWordOf(TRAIN_STEPS / 12),
  prune: { strategy: 'prune', steps: 150 },
  'gradient norm': { strategy: 'gradient-norm', steps: 16 },
  'gradient norm after 60 steps': { strategy: 'gradient-norm', steps: 76, options: { 'warm-up': 60 } },
  [SENSITIVITY]: { strategy: 'sensitivity', steps: 150, options: { finalists: 1 } },
  [SENSITIVITY_HALF]: { strategy: 'sensitivity', steps: 75, options: { finalists: 1 } },
  [DEFAULT]: { ...lastWordOf(TRAIN_STEPS / 24), strategy: 'sensitivity' },
  'BIPEFT-like': { strategy: 'bipeft-like', steps: 75 },
  'from the prior of another task': { strategy: 'from-prior', steps: 75 },
};

const priorTasks: Readonly<Record<string, string>> = { sst2: 'stsb', stsb: 'sst2' };

/** A search at 0.01 or 0.02 % is of so few modules that no rate is to be shared. */
const SHARING: readonly string[] = ['0.05%', '0.2%'];

export const strategyCell = (
  task: string,
  seed: number,
  name: string,
  budget = '0.01%',
  { suited }: Rates = {},
): StrategyCell => ({
  ...{ kind: 'strategy', task, seed, budget, ...strategies[name]! },
  ...(suited && SHARING.includes(budget) && { suited }),
  ...(strategies[name]!.strategy === 'from-prior' && { priorTask: priorTasks[task]! }),
});

/** Modules of one kind each, at places where they do good, as many as 0.01 % holds. */
export const kinds: Readonly<Record<string, readonly string[]>> = {
  LoRA: ['encoder.block.1.layer.0.SelfAttention.o:lora'],
  biases: [
    'encoder.block.1.layer.0.layer_norm:bitfit',
    'encoder.block.1.layer.0.SelfAttention.v:bitfit',
    'encoder.final_layer_norm:bitfit',
  ],
  scales: [
    'encoder.block.1.layer.0.layer_norm:lnfit',
    'encoder.block.2.layer.0.layer_norm:lnfit',
    'encoder.final_layer_norm:lnfit',
  ],
  adapter: ['encoder.block.1.layer.0.SelfAttention:low-rank-adapter'],
};
/** Rates at which a rival is tuned: the one that all share, a third of it and three times it. */
export const TUNED_RATES = [RATE, RATE / 3, RATE * 3];

/** Rates at which modules of one kind each are trained. */
export const KIND_RATES = [...TUNED_RATES, RATE * 9];

/** What people take without a budget. */
export const WHOLE_METHODS = ['lora', 'adapter', 'bitfit', 'lnfit'] as const;

export const wholeCell = (task: string, seed: number, method: string, rate: number): TrainCell =>
  trainCell(task, seed, [], { method, rate });

/** The same at the rate that the program gives it. */
export function suitedWholeCell({ sites }: Model, task: string, seed: number, method: string): TrainCell {
  return wholeCell(task, seed, method, suitedRate(listManualModules(sites, method).map(({ id }) => id)));
}

const across = <A, B, C>(as: readonly A[], bs: readonly B[], make: (a: A, b: B) => C): C[] =>
  as.flatMap(a => bs.map(b => make(a, b)));

const SHORT = [
  ['sst2', 0],
  ['stsb', 0],
  ['sst2', 1],
  ['stsb', 1],
  ['cola', 0],
  ['sst2', 2],
  ['mrpc', 0],
] as const;
export const OTHER_BUDGETS = ['0.02%', '0.005%', '0.05%'] as const;
/** At 1 % every candidate fits, and there is nothing to search. */
export const LARGE_BUDGETS = ['0.2%'] as const;
/** Budgets of many modules, at which the rate of a few is not everyone's. */
export const SLOWER_BUDGETS = ['0.2%', '0.05%'] as const;
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
/** Tasks and seeds on which everybody was trained at suited rates, beside SST-2. */
export const SUITED_TASKS = ['stsb', 'mrpc', 'cola'];
export const SUITED_SEEDS = [0, 1, 2];
const FITTING = [['sst2', 0]] as const;

/** Groups of cells, each for a question, in the order that answers most first. */
export const plans: Readonly<Record<string, (planner: Planner) => Cell[]>> = {
  /** Which rule lets α tell places apart? Full length on one seed, then a quarter of it, which tells as much, on more. */
  rates: planner => [
    ...(['same', 'open', 'fifth'] as const).map(rule => searchCell('sst2', 0, rule)),
    ...(['open', 'same', 'fifth'] as const).map(rule => searchCell('stsb', 0, rule, { steps: 150 })),
    ...foundCell(planner, searchCell('sst2', 0, 'open')),
    ...across(SHORT.slice(0, 3), ['open', 'same'] as const, ([task, seed], rule) =>
      searchCell(task, seed, rule, { steps: 75 }),
    ),
    searchCell('mrpc', 0, 'open', { steps: 75 }),
  ],
  /** Variants of the rule by the gates that are open. */
  variants: () => [
    ...across(['stsb', 'sst2'], ['openHalf', 'openGuarded', 'fifth'] as const, (task, rule) =>
      searchCell(task, 0, rule, { steps: 75 }),
    ),
    searchCell('stsb', 0, 'sixteenth', { steps: 75 }),
    ...across(SHORT.slice(2, 6), ['openHalf', 'same'] as const, ([task, seed], rule) =>
      searchCell(task, seed, rule, { steps: 75 }),
    ),
  ],
  /** The same at another budget and another constant. */
  elsewhere: () => [
    ...(['openHalf', 'same'] as const).map(rule => searchCell('sst2', 0, rule, { steps: 75, budget: '0.02%' })),
  ],
  /** Does α still tell at twice the length, and is the rate that was right for 300 steps? */
  longer: () => (['openHalf', 'same'] as const).map(rule => searchCell('sst2', 0, rule, { steps: 600 })),
  /** In a long search: the usual rate of α, or one by which it travels no further than in 300 steps? */
  travel: planner =>
    across(['sst2'], [0.1, 0.05], (task, alphaRate) => {
      const search = searchCell(task, 0, 'openHalf', { steps: 600, alphaRate });
      return [search, ...foundCell(planner, search, { steps: TRAIN_STEPS / 2 })];
    }).flat(),
  /** Is the second order worth twice the first's cost? */
  orders: () => (['first', 'one-sided'] as const).map(order => searchCell('sst2', 0, 'open', { steps: 75, order })),
  /** Without the candidates that can never be kept, which take a share of p and of the time. */
  fitting: () => FITTING.map(([task, seed]) => searchCell(task, seed, 'open', { steps: 75, candidates: 'fitting' })),
  /** Found beside random, best of random and even LoRA, by paired seeds; at half of the length first. */
  rivals: planner =>
    across(EIGHT, ['sst2', 'stsb'], (seed, task) => rivals(planner, task, seed, TRAIN_STEPS / 2)).flat(),
  /** What a claim needs: trained twice as long, until held-out loss has stopped falling, on one task at least. */
  claims: planner => EIGHT.flatMap(seed => fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS })),
  converged: planner =>
    across(EIGHT, ['sst2', 'stsb'], (seed, task) => rivals(planner, task, seed, TRAIN_STEPS)).flat(),
  /**
   * The program's own search, with its last word and without: does a look at the loss of a few short trainings reject
   * what a search should not have chosen? The seeds first whose search among all candidates chose a query.
   */
  lastWord: planner =>
    [S3DELTA, ALONE, WITH_LONGER_LAST_WORD].flatMap(name =>
      across([3, 4, 7, 0, 1, 2, 5, 6], ['stsb', 'sst2'], (seed, task) => {
        const steps = task === 'sst2' ? TRAIN_STEPS : TRAIN_STEPS / 2;
        return searchedAndTrained(planner, task, seed, name, { steps });
      }).flat(),
    ),
  /** What each strategy finds, trained at half of the length. */
  strategies: planner =>
    across([0, 1, 2, 3], ['sst2', 'stsb'], (seed, task) =>
      Object.keys(strategies).flatMap(name =>
        searchedAndTrained(planner, task, seed, name, { steps: TRAIN_STEPS / 2 }),
      ),
    ).flat(),
  /** The two that do best beside each other: all their forms on two tasks, what could be the default on more. */
  nearest: planner =>
    across(EIGHT, ['sst2', 'stsb', 'mrpc', 'cola'], (seed, task) =>
      [DEFAULT, SENSITIVITY, S3DELTA, ...(task === 'sst2' || task === 'stsb' ? [SENSITIVITY_HALF, ALONE] : [])].flatMap(
        name => searchedAndTrained(planner, task, seed, name, { steps: TRAIN_STEPS / 2 }),
      ),
    ).flat(),
  /** More tasks, at half of the length. */
  tasks: planner =>
    across(EIGHT, ['mrpc', 'cola', 'qqp'], (seed, task) =>
      task === 'qqp' && seed > 2 ? [] : fewRivals(planner, task, seed, { steps: TRAIN_STEPS / 2 }),
    ).flat(),
  /** What a random structure does with the search's time too, and LoRA on a value at rates of its own. */
  dear: planner =>
    across(['sst2', 'stsb'], EIGHT, (task, seed) =>
      dearRivals(planner, task, seed, task === 'sst2' ? TRAIN_STEPS : TRAIN_STEPS / 2),
    ).flat(),
  /** Is one rate right for every kind of module? */
  kinds: () =>
    across([0, 1], Object.values(kinds), (seed, modules) =>
      KIND_RATES.map(rate => trainCell('sst2', seed, modules, { rate })),
    ).flat(),
  /** Less and more than 0.01 %: where does a search pay, and what does the same score cost without one? */
  budgets: planner =>
    across([0, 1, 2], OTHER_BUDGETS, (seed, budget) => [
      ...fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, budget }),
      ...searchedAndTrained(planner, 'sst2', seed, S3DELTA, { steps: TRAIN_STEPS, budget }),
    ]).flat(),
  /** The curve of score against parameters, on to where there is little to choose. */
  large: planner =>
    across([0, 1], LARGE_BUDGETS, (seed, budget) =>
      fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, budget }),
    ).flat(),
  /** At budgets of many modules a third of the rate: what holds much LoRA overshoots at the one that suits a few. */
  slower: planner =>
    across([0, 1], SLOWER_BUDGETS, (seed, budget) => {
      const { model } = planner;
      const slower = { rate: RATE / 3 };
      return [
        ...foundCell(planner, strategyCell('sst2', seed, DEFAULT, budget), slower),
        trainCell('sst2', seed, evenValues(model, budget), slower),
        ...[0, 1].map(draw => trainCell('sst2', seed, randomModules(model, seed, draw, budget), slower)),
      ];
    }).flat(),
  /** At few modules three times the rate: is it the places that a search finds, or what is fast at the usual one? */
  faster: planner =>
    EIGHT.flatMap(seed => {
      const faster = { rate: RATE * 3 };
      return [
        ...foundCell(planner, strategyCell('sst2', seed, DEFAULT), faster),
        ...[0, 1].map(draw => trainCell('sst2', seed, randomModules(planner.model, seed, draw), faster)),
      ];
    }),
  /** Everybody trained at the rates that suit kinds and numbers of modules: at 0.01 %, to the end. */
  suited: planner =>
    EIGHT.flatMap(seed => [
      ...fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, ...SUITED }),
      ...searchedAndTrained(planner, 'sst2', seed, S3DELTA, { steps: TRAIN_STEPS, ...SUITED }),
    ]),
  /** The same at other budgets, */
  suitedBudgets: planner =>
    across([0, 1], ['0.2%', '0.05%', '0.02%', '0.005%'], (seed, budget) =>
      fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, budget, ...SUITED }),
    ).flat(),
  /** on other tasks, */
  suitedTasks: planner =>
    across(SUITED_SEEDS, SUITED_TASKS, (seed, task) =>
      fewRivals(planner, task, seed, { steps: TRAIN_STEPS / 2, ...SUITED }),
    ).flat(),
  /** and of what takes all places, at the rate that so many modules get. */
  suitedWholes: ({ model }) =>
    across([0, 1], WHOLE_METHODS, (seed, method) => suitedWholeCell(model, 'sst2', seed, method)),
  /** Without a budget: what people take, each with its rate tuned. */
  wholes: () =>
    across([0, 1], WHOLE_METHODS, (seed, method) =>
      TUNED_RATES.map(rate => wholeCell('sst2', seed, method, rate)),
    ).flat(),
};

export function planCells(model: Model, names: readonly string[], done: ReadonlyMap<string, Finished>): Cell[] {
  return names.flatMap(name => {
    const plan = plans[name];
    if (!plan) throw new Error(`no plan ${name}: there are ${Object.keys(plans).join(', ')}`);
    return plan({ model, done });
  });
}
