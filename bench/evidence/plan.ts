import type { Model } from '../../src/index.ts';
import type { Cell } from './cells.ts';
import {
  ALONE,
  BUDGET,
  dearRivals,
  EARLIER,
  evenValues,
  fewRivals,
  foundCell,
  KIND_RATES,
  kinds,
  longerCell,
  type Planner,
  RACE,
  RATE,
  randomModules,
  rivals,
  S3DELTA,
  SENSITIVITY,
  SENSITIVITY_HALF,
  SUITED,
  searchCell,
  searchedAndTrained,
  strategies,
  strategyCell,
  suitedWholeCell,
  TRAIN_STEPS,
  TUNED_RATES,
  trainCell,
  WHOLE_METHODS,
  WITH_LONGER_LAST_WORD,
  wholeCell,
} from './contestants.ts';
import { authorsModules } from './rivals/authors-pattern.ts';
import type { Finished } from './store.ts';

const across = <A, B, C>(as: readonly A[], bs: readonly B[], make: (a: A, b: B) => C): C[] =>
  as.flatMap(a => bs.map(b => make(a, b)));
const pair = <A, B>(a: A, b: B) => [a, b] as const;

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
/** Tasks on which everybody was trained at suited rates, beside SST-2. */
export const SUITED_TASKS = ['stsb', 'mrpc', 'cola'];
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
      [EARLIER, SENSITIVITY, S3DELTA, ...(task === 'sst2' || task === 'stsb' ? [SENSITIVITY_HALF, ALONE] : [])].flatMap(
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
        ...foundCell(planner, strategyCell('sst2', seed, EARLIER, budget), slower),
        trainCell('sst2', seed, evenValues(model, budget), slower),
        ...[0, 1].map(draw => trainCell('sst2', seed, randomModules(model, seed, draw, budget), slower)),
      ];
    }).flat(),
  /** At few modules three times the rate: is it the places that a search finds, or what is fast at the usual one? */
  faster: planner =>
    EIGHT.flatMap(seed => {
      const faster = { rate: RATE * 3 };
      return [
        ...foundCell(planner, strategyCell('sst2', seed, EARLIER), faster),
        ...[0, 1].map(draw => trainCell('sst2', seed, randomModules(planner.model, seed, draw), faster)),
      ];
    }),
  /** Everybody trained at the rates that suit kinds and numbers of modules: at 0.01 %, to the end. */
  suited: planner =>
    EIGHT.flatMap(seed => [
      ...fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, ...SUITED }),
      ...searchedAndTrained(planner, 'sst2', seed, S3DELTA, { steps: TRAIN_STEPS, ...SUITED }),
    ]),
  /** What the search's cost buys without one: a race of random structures, and a longer training of one. */
  suitedRivals: planner =>
    EIGHT.flatMap(seed => [
      ...searchedAndTrained(planner, 'sst2', seed, RACE, { steps: TRAIN_STEPS, ...SUITED }),
      longerCell(planner, 'sst2', seed, { steps: TRAIN_STEPS, ...SUITED }),
    ]),
  /** The race on other tasks. */
  suitedTaskRivals: planner =>
    across(EIGHT, SUITED_TASKS, (seed, task) =>
      searchedAndTrained(planner, task, seed, RACE, { steps: TRAIN_STEPS / 2, ...SUITED }),
    ).flat(),
  /** Where the method's authors found modules to be worth it, on their model: does it tell anything of this one? */
  authors: ({ model }) =>
    across(['sst2', 'stsb'], EIGHT, (task, seed) =>
      trainCell(task, seed, authorsModules(model, seed, BUDGET), {
        ...SUITED,
        steps: task === 'sst2' ? TRAIN_STEPS : TRAIN_STEPS / 2,
      }),
    ),
  /** Everybody at other budgets, */
  suitedBudgets: planner =>
    [...across(OTHER_BUDGETS, EIGHT, pair), ...across(LARGE_BUDGETS, [0, 1], pair)].flatMap(([budget, seed]) =>
      fewRivals(planner, 'sst2', seed, { steps: TRAIN_STEPS, budget, ...SUITED }),
    ),
  /** and on the other tasks, the one that takes least time first, */
  suitedTaskBudgets: planner =>
    OTHER_BUDGETS.flatMap(budget =>
      across(['cola', 'stsb', 'mrpc'], EIGHT, (task, seed) =>
        fewRivals(planner, task, seed, { steps: TRAIN_STEPS / 2, budget, ...SUITED }),
      ).flat(),
    ),
  /** on other tasks, */
  suitedTasks: planner =>
    across(EIGHT, SUITED_TASKS, (seed, task) =>
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

/** The plans whose cells docs/measured/found-or-random.md shows; the others led there, at one rate for all. */
export const claimed = [
  ...['suited', 'suitedTasks', 'suitedRivals', 'suitedTaskRivals', 'authors', 'suitedBudgets', 'suitedTaskBudgets'],
  ...['suitedWholes', 'kinds', 'faster', 'wholes', 'slower'],
];

/** The cells of some plans, by their names. */
export const planCells = (model: Model, names: readonly string[], done: ReadonlyMap<string, Finished>): Cell[] =>
  names.flatMap(name => plans[name]!({ model, done }));
