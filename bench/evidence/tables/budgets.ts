import type { Model } from '../../../src/index.ts';
import { type ScoreSeries, scorePlotSvg } from '../../../src/report/pictures/plots-svg.ts';
import { listManualModules, manualMethods, parseBudget, signFlipTest } from '../../../src/research.ts';
import { cellKey } from '../cells.ts';
import {
  evenValues,
  foundBy,
  KIND_RATES,
  kinds,
  RATE,
  type Rates,
  randomModules,
  S3DELTA,
  SUITED,
  strategyCell,
  suitedWholeCell,
  TUNED_RATES,
  trainCell,
  WHOLE_METHODS,
  wholeCell,
} from '../contestants.ts';
import { fixed, meanOf, spreadOf, table, told } from '../markdown.ts';
import { LARGE_BUDGETS, OTHER_BUDGETS, SLOWER_BUDGETS } from '../plan.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import { bestByLoss, type Done, outcomeOf } from './seed-scores.ts';

const TASK = 'sst2';
const SEEDS = [...Array(8).keys()];
const BUDGETS = ['0.01%', ...OTHER_BUDGETS, ...LARGE_BUDGETS].sort(
  (a, b) => Number.parseFloat(a) - Number.parseFloat(b),
);

/** Test scores of one way to spend, one a seed. */
interface Point {
  readonly parameters: number;
  readonly scores: readonly number[];
}

function summary({ scores }: Point): string {
  if (scores.length === 0) return '–';
  return `${fixed(meanOf(scores), 1)} (${fixed(scores.length < 2 ? undefined : spreadOf(scores), 1)}, n ${scores.length})`;
}

/** At which rates structures are trained. */
type How = Rates & { readonly rate?: number; readonly steps?: number };

/** What was spent and what came of it, at one budget. */
function atBudget(done: Done, model: Model, budget: string, how: How, task = TASK) {
  const limit = Math.floor(parseBudget(budget, model.parameters));
  const scoreOf = (seed: number, modules: readonly string[]) =>
    outcomeOf(done, trainCell(task, seed, modules, how))?.test;
  // All values have one at 0.05 % already.
  const values = LARGE_BUDGETS.some(large => large === budget) ? [] : evenValues(model, budget);
  const seeds = SEEDS.map(seed => {
    const scoreBy = (name: string) => {
      const search = done.get(cellKey(strategyCell(task, seed, name, budget, how)))?.outcome as
        | StrategyOutcome
        | undefined;
      return search && scoreOf(seed, search.modules);
    };
    const random = [0, 1].flatMap(draw => scoreOf(seed, randomModules(model, seed, draw, budget)) ?? []);
    return {
      found: scoreBy(foundBy(how)),
      s3delta: scoreBy(S3DELTA),
      // A seed's two draws are one value, so that seeds count alike.
      random: random.length === 2 ? meanOf(random) : undefined,
      values: values.length > 0 ? scoreOf(seed, values) : undefined,
    };
  });
  const point = (name: 'found' | 's3delta' | 'random' | 'values'): Point => ({
    parameters: limit,
    scores: seeds.flatMap(each => each[name] ?? []),
  });
  const lessThan = (name: 'random' | 'values') =>
    signFlipTest(
      seeds.flatMap(({ found, [name]: rival }) => (found === undefined || rival === undefined ? [] : [found - rival])),
    );
  return {
    limit,
    ...{ found: point('found'), s3delta: point('s3delta'), random: point('random'), values: point('values') },
    ...{ lessRandom: lessThan('random'), lessValues: lessThan('values') },
  };
}

/** A method without a budget, each seed's at the rate of the least held-out loss. */
function whole(done: Done, model: Model, method: (typeof WHOLE_METHODS)[number]): Point {
  return {
    parameters: listManualModules(model.sites, method).reduce((sum, { parameters }) => sum + parameters, 0),
    scores: SEEDS.flatMap(
      seed => bestByLoss(TUNED_RATES.map(rate => outcomeOf(done, wholeCell(TASK, seed, method, rate))))?.test ?? [],
    ),
  };
}

/** The same at the rate that so many modules of the kind get. */
const suitedWhole = (done: Done, model: Model, method: (typeof WHOLE_METHODS)[number]): Point => ({
  ...whole(done, model, method),
  scores: SEEDS.flatMap(seed => outcomeOf(done, suitedWholeCell(model, TASK, seed, method))?.test ?? []),
});

const HEADS = [
  ...['budget', 'parameters', 'found (sd, n)', "S³Delta's", 'random, two a seed', 'LoRA on values'],
  ...['found less random', 'found less LoRA on values'],
];

function rowOf({ limit, found, s3delta, random, values, lessRandom, lessValues }: ReturnType<typeof atBudget>) {
  const scores = [found, s3delta, random, values].map(summary);
  return [limit.toLocaleString('en'), ...scores, told(lessRandom, 1), told(lessValues, 1)];
}

/** Found, random and LoRA on values of other tasks at several budgets, everybody at the rates that suit. */
export function taskBudgetsTable(done: Done, model: Model, tasks: readonly string[], how: How): string {
  const rows = tasks.flatMap(task =>
    BUDGETS.flatMap(budget => {
      const point = atBudget(done, model, budget, how, task);
      return point.found.scores.length > 0 ? [[`${task}, ${budget}`, ...rowOf(point)]] : [];
    }),
  );
  return table([`task, ${HEADS[0]}`, ...HEADS.slice(1)], rows);
}

/** Found, random and LoRA on values at several budgets, and methods without one, each trained to its end. */
export function budgetsTable(done: Done, model: Model): string {
  const of = (budget: string, name: string, how: How) => [name, ...rowOf(atBudget(done, model, budget, how))];
  const rows = [
    ...BUDGETS.map(budget => of(budget, budget, SUITED)),
    ...BUDGETS.map(budget => of(budget, `${budget}, at one rate`, {})),
    ...SLOWER_BUDGETS.toReversed().map(budget => of(budget, `${budget}, at a third of it`, { rate: RATE / 3 })),
  ];
  for (const method of WHOLE_METHODS) {
    const { label } = manualMethods[method]!;
    for (const [name, point] of [
      [label, suitedWhole(done, model, method)],
      [`${label}, one rate, tuned`, whole(done, model, method)],
    ] as const) {
      rows.push([name, point.parameters.toLocaleString('en'), summary(point), '', '', '', '', '']);
    }
  }
  return table(HEADS, rows);
}

/** The same as a picture: score against parameters. */
export function budgetsPicture(done: Done, model: Model): string {
  const [suited, one] = [SUITED, {}].map(how => BUDGETS.map(budget => atBudget(done, model, budget, how)));
  const series: [string, Point[]][] = [
    ['found', suited!.map(({ found }) => found)],
    ['random, two a seed', suited!.map(({ random }) => random)],
    ['LoRA on values', suited!.map(({ values }) => values)],
    ['found, at one rate', one!.map(({ found }) => found)],
    ['random, at one rate', one!.map(({ random }) => random)],
    ...WHOLE_METHODS.map((method): [string, Point[]] => [
      manualMethods[method]!.label,
      [suitedWhole(done, model, method)],
    ]),
  ];
  const drawn = series.map(
    ([name, points]): ScoreSeries => ({
      name,
      points: points
        .filter(({ scores }) => scores.length > 0)
        .map(({ parameters, scores }) => ({
          ...{ parameters, scores, mean: meanOf(scores) },
          sd: scores.length > 1 ? spreadOf(scores) : null,
        })),
    }),
  );
  return scorePlotSvg(
    'SST-2 on the built-in model, 1,200 steps',
    'test accuracy',
    drawn.filter(({ points }) => points.length > 0),
  );
}

/** Modules of one kind each at several rates. */
export function kindsTable(done: Done): string {
  const rates = KIND_RATES.toSorted((a, b) => a - b);
  const rows = Object.entries(kinds).map(([name, modules]) => [
    name,
    ...rates.map(rate => {
      const outcomes = SEEDS.flatMap(seed => outcomeOf(done, trainCell(TASK, seed, modules, { rate })) ?? []);
      if (outcomes.length === 0) return '–';
      const [test, loss] = [outcomes.map(each => each.test), outcomes.map(each => each.heldOutLoss)];
      return `${fixed(meanOf(test), 1)} (${fixed(meanOf(loss), 3)}, n ${outcomes.length})`;
    }),
  ]);
  return table(['kind', ...rates.map(rate => `test (held-out loss) at ${rate.toExponential(1)}`)], rows);
}
