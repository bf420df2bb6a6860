import type { Model } from '../../src/index.ts';
import {
  deltas,
  evenLora,
  listManualModules,
  listSpace,
  parseBudget,
  randomStructure,
  rateOfTraining,
} from '../../src/research.ts';
import { type Cell, cellKey, type SearchCell, type StrategyCell, type TrainCell } from './cells.ts';
import type { RateRuleName } from './rates.ts';
import type { SearchOutcome } from './run-search.ts';
import type { Finished } from './store.ts';

/** Share of the built-in model's parameters that a structure holds where no other budget is named. */
export const BUDGET = '0.01%';
/** Re-training's rate for the built-in model. */
export const RATE = 5e-3;
export const TRAIN_STEPS = 1200;

/** What cells are made from: the model, and what is finished. */
export interface Planner {
  readonly model: Model;
  readonly done: ReadonlyMap<string, Finished>;
}

export function searchCell(task: string, seed: number, rule: RateRuleName, more: Partial<SearchCell> = {}): SearchCell {
  const base = { budget: BUDGET, steps: 300, order: 'first', rate: RATE, alphaRate: 0.1 } as const;
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
  const rate = rateOfTraining({ learningRate: RATE, sharedRate: true, kindRates: true }, kinds);
  return Number(rate.toPrecision(4));
}

export function randomModules(model: Model, seed: number, draw: number, amount = BUDGET): string[] {
  const modules = listSpace(model.sites, 'mixed');
  const budget = parseBudget(amount, model.parameters);
  const kept = randomStructure(modules, { budget, keepInert: false, seed, draw });
  return modules.filter((_, i) => kept[i]).map(({ id }) => id);
}

const evenModules = (model: Model, amount = BUDGET) =>
  evenLora(model.sites, parseBudget(amount, model.parameters)).map(({ id }) => id);

/** The training of what a search has found, once it has. */
export function foundCell(
  { done }: Pick<Planner, 'done'>,
  search: SearchCell | StrategyCell,
  more: Partial<TrainCell> = {},
): TrainCell[] {
  const found = done.get(cellKey(search))?.outcome as Pick<SearchOutcome, 'modules'> | undefined;
  return found ? [trainCell(search.task, search.seed, found.modules, more)] : [];
}

/** A search by a strategy, and the training of what it has found. */
export function searchedAndTrained(
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
export function evenValues(model: Model, amount = BUDGET): string[] {
  const hosts = listSpace(model.sites, 'mixed').filter(({ id }) => id.endsWith('SelfAttention.v:lora'));
  const count = Math.min(hosts.length, Math.floor(parseBudget(amount, model.parameters) / hosts[0]!.parameters));
  return Array.from({ length: count }, (_, i) => hosts[Math.floor(((i + 0.5) * hosts.length) / count)]!.id);
}

/** Found by the default search, beside two random structures and LoRA on values, of one seed. */
export function fewRivals(
  { model, done }: Planner,
  task: string,
  seed: number,
  { steps, budget = BUDGET, ...rates }: { readonly steps: number; readonly budget?: string } & Rates,
): Cell[] {
  const how = { steps, ...rates };
  const values = evenValues(model, budget);
  return [
    ...searchedAndTrained({ done }, task, seed, foundBy(rates), { ...how, budget }),
    ...[0, 1].map(draw => trainCell(task, seed, randomModules(model, seed, draw, budget), how)),
    ...(values.length > 0 ? [trainCell(task, seed, values, how)] : []),
  ];
}

/** Found by a search, beside all its rivals, of one seed. */
export function rivals(planner: Planner, task: string, seed: number, steps: number): Cell[] {
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

/** A random structure that is trained for so long. */
export function longerCell(
  { model }: Planner,
  task: string,
  seed: number,
  { steps, ...rates }: { readonly steps: number } & Rates,
) {
  return trainCell(task, seed, randomModules(model, seed, 0), { steps: LONGER[steps]!, ...rates });
}

/** The rivals that spend on training or on rates what the search spends. */
export function dearRivals(planner: Planner, task: string, seed: number, steps: number): Cell[] {
  const { model } = planner;
  return [
    longerCell(planner, task, seed, { steps }),
    ...TUNED_RATES.slice(1).map(rate => trainCell(task, seed, evenValues(model), { steps, rate })),
  ];
}

/** S³Delta's search without its last word, and with it: four finalists, a sixth of a re-training in all. */
export const ALONE = 'bilevel, first order';
export const S3DELTA = 'bilevel, then a last word';
/** The same with twice as long trainings. */
export const WITH_LONGER_LAST_WORD = 'bilevel, then a longer last word';
export const SENSITIVITY = 'sensitivity';
export const SENSITIVITY_HALF = 'sensitivity, half as long';
/** The default without its search: as many random structures as cost the same. */
export const RACE = 'a race of random structures';
/** The program's default, whose answers are compared. */
export const DEFAULT = 'sensitivity, half as long, then a last word';
/** What the default was before a structure that begins with LoRA on values was among the finalists. */
export const EARLIER = 'sensitivity, half as long, then a last word among four';

/** The default of the time: all that is trained at one rate for all was searched by the earlier one. */
export const foundBy = ({ suited }: Rates) => (suited ? DEFAULT : EARLIER);

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
  [DEFAULT]: {
    ...{ strategy: 'sensitivity', steps: 75 },
    options: { ...lastWordOf(TRAIN_STEPS / 24).options, finalists: 5 },
  },
  [EARLIER]: { ...lastWordOf(TRAIN_STEPS / 24), strategy: 'sensitivity' },
  [RACE]: { strategy: 'random-race', steps: 75, options: { ...lastWordOf(TRAIN_STEPS / 24).options, finalists: 8 } },
  'BIPEFT-like': { strategy: 'bipeft-like', steps: 75 },
  'from the prior of another task': { strategy: 'from-prior', steps: 75 },
};

const priorTasks: Readonly<Record<string, string>> = { sst2: 'stsb', stsb: 'sst2' };

/**
 * Budgets whose searches take another rate where rates suit: of more modules than the whole rate is for, and of so few
 * parameters that no LoRA fits.
 */
const SUITING: readonly string[] = ['0.005%', '0.05%', '0.2%'];

export const strategyCell = (
  task: string,
  seed: number,
  name: string,
  budget = BUDGET,
  { suited }: Rates = {},
): StrategyCell => ({
  ...{ kind: 'strategy', task, seed, budget, ...strategies[name]! },
  ...(suited && SUITING.includes(budget) && { suited }),
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
