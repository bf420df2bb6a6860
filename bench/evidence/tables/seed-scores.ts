import type { Model } from '../../../src/index.ts';
import { listSpace, parseBudget } from '../../../src/research.ts';
import { cellKey, type TrainCell } from '../cells.ts';
import {
  BUDGET,
  EARLIER,
  evenValues,
  foundBy,
  LONGER,
  RACE,
  type Rates,
  randomModules,
  S3DELTA,
  strategyCell,
  TUNED_RATES,
  trainCell,
} from '../contestants.ts';
import { meanOf, spreadOf } from '../markdown.ts';
import { authorsModules } from '../rivals/authors-pattern.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';

export type Done = ReadonlyMap<string, Finished>;

export const outcomeOf = (done: Done, cell: TrainCell) => done.get(cellKey(cell))?.outcome as TrainOutcome | undefined;

/** The one with the least held-out loss: how everything is chosen. */
export function bestByLoss(outcomes: readonly (TrainOutcome | undefined)[]): TrainOutcome | undefined {
  if (outcomes.includes(undefined)) return undefined;
  return (outcomes as TrainOutcome[]).reduce((best, next) => (next.heldOutLoss < best.heldOutLoss ? next : best));
}

/**
 * The most that a choice within the budget could have got of what was tried: of all trainings of the seed, whatever
 * their structure and rate, the one with the least held-out loss.
 */
function bestTried(done: Done, model: Model, task: string, seed: number, steps: number): TrainOutcome | undefined {
  const sizes = new Map(listSpace(model.sites, 'mixed').map(({ id, parameters }) => [id, parameters]));
  const budget = parseBudget(BUDGET, model.parameters);
  const sizeOf = (modules: readonly string[]) => modules.reduce((sum, id) => sum + sizes.get(id)!, 0);
  const outcomes = [...done.values()].flatMap(({ cell, outcome }) => {
    if (cell.kind !== 'train' || cell.task !== task || cell.seed !== seed || cell.steps !== steps) return [];
    const isWithin = cell.method === undefined && cell.modules.length > 0 && sizeOf(cell.modules) <= budget;
    return isWithin ? [outcome as TrainOutcome] : [];
  });
  return outcomes.length > 0 ? bestByLoss(outcomes) : undefined;
}

/** How long structures of a budget (absent: 0.01 %) are trained, and whether at the rates that suit them. */
export type Trained = Rates & { readonly steps: number; readonly budget?: string };

/** What found is held beside. */
export type Rival =
  | 'best of all tried'
  | 'found among four'
  | "S³Delta's"
  | 'random, mean of 2'
  | 'best of 2 random'
  | 'race of 8 random'
  | 'random, trained longer'
  | "within the authors' places"
  | 'LoRA on values'
  | 'the same, rate tuned';

/** Test scores of one seed of a task. A rival that has not been trained is left out. */
export interface Line<Name extends string = Rival> {
  readonly task: string;
  readonly seed: number;
  readonly found: number;
  readonly rivals: Readonly<Partial<Record<Name, number>>>;
}

function lineOf(done: Done, model: Model, task: string, seed: number, how: Trained): Line | undefined {
  const { budget = BUDGET, ...trained } = how;
  const train = (modules: readonly string[], more: Partial<TrainCell> & Rates = trained) =>
    outcomeOf(done, trainCell(task, seed, modules, more));
  const [found, earlier, s3delta, race] = [foundBy(how), EARLIER, S3DELTA, RACE].map(name => {
    const search = strategyCell(task, seed, name, budget, how);
    const outcome = done.get(cellKey(search))?.outcome as StrategyOutcome | undefined;
    return outcome && train(outcome.modules);
  });
  if (found === undefined) return undefined;
  const random = randomOutcomes(done, model, task, seed, how);
  const values = evenValues(model, budget);
  const rivals = {
    'found among four': earlier?.test,
    "S³Delta's": s3delta?.test,
    'random, mean of 2': random.length > 0 ? meanOf(random.map(({ test }) => test)) : undefined,
    'best of 2 random': random.length > 0 ? bestByLoss(random)?.test : undefined,
    'race of 8 random': race?.test,
    'LoRA on values': train(values)?.test,
  };
  if (budget !== BUDGET) return { task, seed, found: found.test, rivals };
  const { steps } = how;
  const longer = train(randomModules(model, seed, 0), { ...trained, steps: LONGER[steps]! });
  const tuned = bestByLoss(TUNED_RATES.map(rate => train(values, { rate, steps })));
  return {
    ...{ task, seed, found: found.test },
    rivals: {
      'best of all tried': bestTried(done, model, task, seed, steps)?.test,
      ...rivals,
      'random, trained longer': longer?.test,
      "within the authors' places": train(authorsModules(model, seed, BUDGET))?.test,
      'the same, rate tuned': tuned?.test,
    },
  };
}

/**
 * Two random structures of a seed. Both are counted or none: which is there already, as a part of another plan, follows
 * from what it holds. So a third that a race has found is none of them.
 */
function randomOutcomes(done: Done, model: Model, task: string, seed: number, how: Trained): TrainOutcome[] {
  const { budget, ...trained } = how;
  const outcomes = [0, 1].map(draw =>
    outcomeOf(done, trainCell(task, seed, randomModules(model, seed, draw, budget), trained)),
  );
  return outcomes.includes(undefined) ? [] : (outcomes as TrainOutcome[]);
}

const SEEDS = [...Array(16).keys()];

/** Standard deviation of random structures' test scores, over draws and seeds. */
export const spreadOfRandom = (done: Done, model: Model, task: string, how: Trained): number =>
  spreadOf(SEEDS.flatMap(seed => randomOutcomes(done, model, task, seed, how).map(({ test }) => test)));

/** Every seed that has a found structure. */
export function linesOf(done: Done, model: Model, hows: Readonly<Record<string, Trained>>): Line[] {
  return Object.entries(hows).flatMap(([task, how]) =>
    SEEDS.flatMap(seed => lineOf(done, model, task, seed, how) ?? []),
  );
}
