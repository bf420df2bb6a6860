import type { Model } from '../../../src/index.ts';
import { parseBudget, signFlipTest } from '../../../src/research.ts';
import { cellKey } from '../cells.ts';
import { fixed, meanOf, spreadOf, table } from '../markdown.ts';
import {
  DEFAULT,
  evenValues,
  KIND_RATES,
  kinds,
  OTHER_BUDGETS,
  randomModules,
  strategyCell,
  trainCell,
} from '../plan.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';

type Done = ReadonlyMap<string, Finished>;

const [TASK, STEPS] = ['sst2', 1200];
const SEEDS = [...Array(8).keys()];
const BUDGETS = ['0.01%', ...OTHER_BUDGETS].sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));

const summary = (scores: readonly number[]) =>
  scores.length === 0
    ? '–'
    : `${fixed(meanOf(scores), 1)} (${fixed(scores.length < 2 ? undefined : spreadOf(scores), 1)}, n ${scores.length})`;

/** Found, random and LoRA on values at several budgets, each trained to its end. */
export function budgetsTable(done: Done, model: Model): string {
  const scoreOf = (seed: number, modules: readonly string[]) =>
    (done.get(cellKey(trainCell(TASK, seed, modules, { steps: STEPS })))?.outcome as TrainOutcome | undefined)?.test;
  const rows = BUDGETS.map(budget => {
    const lines = SEEDS.map(seed => {
      const search = done.get(cellKey(strategyCell(TASK, seed, DEFAULT, budget)));
      const outcome = search?.outcome as StrategyOutcome | undefined;
      const random = [0, 1].flatMap(draw => scoreOf(seed, randomModules(model, seed, draw, budget)) ?? []);
      return { found: outcome && scoreOf(seed, outcome.modules), random, values: valuesOf(seed, budget) };
    });
    const pairs = lines.flatMap(({ found, random }) =>
      found === undefined || random.length === 0 ? [] : [found - meanOf(random)],
    );
    const test = signFlipTest(pairs);
    return [
      budget,
      String(Math.floor(parseBudget(budget, model.parameters))),
      summary(lines.flatMap(({ found }) => found ?? [])),
      summary(lines.flatMap(({ random }) => random)),
      summary(lines.flatMap(({ values }) => values ?? [])),
      test ? `${fixed(test.difference, 1)} (p ${fixed(test.p, 3)}, n ${test.pairs})` : '–',
    ];
  });
  return table(
    ['budget', 'parameters', 'found (sd, n)', 'random (sd, n)', 'LoRA on values (sd, n)', 'found less random'],
    rows,
  );

  function valuesOf(seed: number, budget: string): number | undefined {
    const values = evenValues(model, budget);
    return values.length === 0 ? undefined : scoreOf(seed, values);
  }
}

/** Modules of one kind each at several rates. */
export function kindsTable(done: Done): string {
  const rows = Object.entries(kinds).map(([name, modules]) => [
    name,
    ...KIND_RATES.map(rate => {
      const outcomes = SEEDS.flatMap(seed => {
        const finished = done.get(cellKey(trainCell(TASK, seed, modules, { steps: STEPS, rate })));
        return (finished?.outcome as TrainOutcome | undefined) ?? [];
      });
      if (outcomes.length === 0) return '–';
      const [test, loss] = [outcomes.map(each => each.test), outcomes.map(each => each.heldOutLoss)];
      return `${fixed(meanOf(test), 1)} (${fixed(meanOf(loss), 3)}, n ${outcomes.length})`;
    }),
  ]);
  return table(['kind', ...KIND_RATES.map(rate => `test (held-out loss) at ${rate.toExponential(1)}`)], rows);
}
