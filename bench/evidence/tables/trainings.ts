import type { Model } from '../../../src/index.ts';
import { listSpace, type PairedTest, parseBudget, signFlipTest } from '../../../src/research.ts';
import { cellKey, type TrainCell } from '../cells.ts';
import {
  BUDGET,
  DEFAULT,
  evenValues,
  LONGER,
  RACE,
  type Rates,
  randomModules,
  S3DELTA,
  strategyCell,
  TUNED_RATES,
  trainCell,
} from '../contestants.ts';
import { fixed, meanOf, shortName, spreadOf, table } from '../markdown.ts';
import { authorsModules } from '../rivals/authors-pattern.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';

type Done = ReadonlyMap<string, Finished>;

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

/** How long structures are trained, and whether at the rates that suit them. */
export type Trained = Rates & { readonly steps: number };

/** Test scores of one seed, found and rivals. A rival that has not been trained yet is left out. */
function seedScores(done: Done, model: Model, task: string, seed: number, how: Trained) {
  const { steps } = how;
  const [found, s3delta, race] = [DEFAULT, S3DELTA, RACE].map(name => {
    const search = strategyCell(task, seed, name);
    const outcome = done.get(cellKey(search))?.outcome as StrategyOutcome | undefined;
    return outcome && outcomeOf(done, trainCell(task, seed, outcome.modules, how));
  });
  const random = randomOutcomes(done, model, task, seed, how);
  const authors = outcomeOf(done, trainCell(task, seed, authorsModules(model, seed, BUDGET), how));
  const values = TUNED_RATES.map(rate => outcomeOf(done, trainCell(task, seed, evenValues(model), { rate, steps })));
  const longer = outcomeOf(
    done,
    trainCell(task, seed, randomModules(model, seed, 0), { ...how, steps: LONGER[steps]! }),
  );
  return {
    found: found?.test,
    'best of all tried': bestTried(done, model, task, seed, steps)?.test,
    "S³Delta's": s3delta?.test,
    'random, mean of 2': random.length > 0 ? meanOf(random.map(({ test }) => test)) : undefined,
    'best of 2 random': random.length > 0 ? bestByLoss(random)?.test : undefined,
    'race of 8 random': race?.test,
    'random, trained longer': longer?.test,
    "within the authors' places": authors?.test,
    'LoRA on a middle value': values[0]?.test,
    'the same, rate tuned': bestByLoss(values)?.test,
  };
}

/**
 * Two random structures of a seed. Both are counted or none: which is there already, as a part of another plan, follows
 * from what it holds. So a third that a race has found is none of them.
 */
function randomOutcomes(done: Done, model: Model, task: string, seed: number, how: Trained): TrainOutcome[] {
  const outcomes = [0, 1].map(draw => outcomeOf(done, trainCell(task, seed, randomModules(model, seed, draw), how)));
  return outcomes.includes(undefined) ? [] : (outcomes as TrainOutcome[]);
}

const SEEDS = [...Array(16).keys()];

/** Standard deviation of random structures' test scores, over draws and seeds. */
export const spreadOfRandom = (done: Done, model: Model, task: string, how: Trained): number =>
  spreadOf(SEEDS.flatMap(seed => randomOutcomes(done, model, task, seed, how).map(({ test }) => test)));

export const told = (test: Pick<PairedTest, 'difference' | 'p' | 'pairs'> | undefined, digits: number) =>
  test ? `${fixed(test.difference, digits)} (p ${fixed(test.p, 3)}, n ${test.pairs})` : '–';

/** Columns that are no rivals: forms of the search itself, and what no choice could have known. */
const NO_RIVALS: readonly string[] = ['best of all tried', "S³Delta's"];
/** Fewer cannot tell anything at 0.05, and are no test to be corrected for. */
const FEWEST_PAIRS = 6;

/** Holm's correction of several p at once. */
function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (ps.length - rank) * ps[i]!));
    adjusted[i] = least;
  }
  return adjusted;
}

export const summary = (scores: readonly number[]) =>
  scores.length === 0
    ? '–'
    : `${fixed(meanOf(scores), 1)} (${fixed(scores.length < 2 ? undefined : spreadOf(scores), 1)})`;

/** Scores of every seed that has a found structure. */
function linesOf(done: Done, model: Model, hows: Readonly<Record<string, Trained>>) {
  const lines = Object.entries(hows).flatMap(([task, how]) =>
    SEEDS.map(seed => ({ task, seed, scores: seedScores(done, model, task, seed, how) })),
  );
  return lines.filter(({ scores }) => scores.found !== undefined);
}

type Line = ReturnType<typeof linesOf>[number];
type Rival = keyof Line['scores'];
const namesOf = ([first]: readonly Line[]) => Object.keys(first!.scores) as Rival[];

/**
 * Found beside its rivals: each seed, then means.
 * @param hows by task
 */
export function rivalsTable(done: Done, model: Model, hows: Readonly<Record<string, Trained>>): string {
  const lines = linesOf(done, model, hows);
  if (lines.length === 0) return 'No seed is finished.';
  const names = namesOf(lines);
  const rows = lines.map(({ task, seed, scores }) => [
    `${task}, seed ${seed}`,
    ...names.map(name => fixed(scores[name], 1)),
  ]);
  for (const [task, here] of Map.groupBy(lines, line => line.task)) {
    const column = (name: Rival) => here.flatMap(({ scores }) => scores[name] ?? []);
    rows.push([`**${task}, mean (sd)**`, ...names.map(name => summary(column(name)))]);
  }
  return table(['test score', ...names], rows);
}

/** Found less each rival, over pairs of one seed: in spreads over all tasks, and in points of each; with sign-flip p. */
export function differencesTable(done: Done, model: Model, hows: Readonly<Record<string, Trained>>): string {
  const lines = linesOf(done, model, hows);
  if (lines.length === 0) return 'No seed is finished.';
  const spreads = new Map(Object.entries(hows).map(([task, how]) => [task, spreadOfRandom(done, model, task, how)]));
  const apart = (some: readonly Line[], name: Rival, unit = (_: string) => 1) =>
    some.flatMap(({ task, scores }) =>
      scores[name] === undefined ? [] : [(scores.found! - scores[name]) / unit(task)],
    );
  const tests = namesOf(lines)
    .slice(1)
    .map(name => ({ name, test: signFlipTest(apart(lines, name, task => spreads.get(task)!)) }));
  const rivals = tests.filter(({ name, test }) => !NO_RIVALS.includes(name) && (test?.pairs ?? 0) >= FEWEST_PAIRS);
  const corrected = holm(rivals.map(({ test }) => test!.p));
  const rows = tests.map(({ name, test }) => {
    const place = rivals.findIndex(rival => rival.name === name);
    const p = place < 0 ? undefined : corrected[place];
    const ofTasks = [...Map.groupBy(lines, line => line.task).values()];
    return [
      ...[name, String(test?.pairs ?? 0), fixed(test?.difference, 2), fixed(test?.p, 4), fixed(p, 3)],
      ...ofTasks.map(here => told(signFlipTest(apart(here, name)), 1)),
    ];
  });
  const tasks = new Set(lines.map(({ task }) => task));
  return table(['found less', 'pairs', 'in spreads', 'p', 'p by Holm', ...tasks], rows);
}

/** Every training, a line each, with its held-out loss at each fifth. */
export function trainingsTable(done: Done): string {
  const lines = [...done.values()].filter(
    (line): line is Finished & { cell: TrainCell; outcome: TrainOutcome } => line.cell.kind === 'train',
  );
  lines.sort(
    (a, b) =>
      a.cell.task.localeCompare(b.cell.task) ||
      a.cell.seed - b.cell.seed ||
      a.outcome.heldOutLoss - b.outcome.heldOutLoss,
  );
  const rows = lines.map(({ cell, outcome, cpuSeconds }) => [
    `${cell.task}, ${cell.seed}`,
    cell.method ?? cell.modules.map(shortName).join(', '),
    cell.rate.toExponential(1),
    String(cell.steps),
    outcome.curve.map(({ loss }) => fixed(loss, 3)).join(' '),
    fixed(outcome.validation, 1),
    fixed(outcome.test, 1),
    fixed(cpuSeconds, 0),
  ]);
  return table(
    ['task, seed', 'modules', 'rate', 'steps', 'held-out loss at each fifth', 'validation', 'test', 'cpu s'],
    rows,
  );
}

/** Held-out loss along the trainings: how many steps of one are worth those of another. */
export function stepsTable(done: Done, model: Model, task: string, how: Trained): string {
  const { steps } = how;
  const series = SEEDS.flatMap(seed => {
    const ofSearch = (name: string) => {
      const search = done.get(cellKey(strategyCell(task, seed, name)))?.outcome as StrategyOutcome | undefined;
      return search && outcomeOf(done, trainCell(task, seed, search.modules, how));
    };
    const random = [0, 1].map(draw => outcomeOf(done, trainCell(task, seed, randomModules(model, seed, draw), how)));
    const found = ofSearch(DEFAULT);
    return found === undefined
      ? []
      : [
          {
            found: [found],
            "S³Delta's": [ofSearch(S3DELTA)],
            'random, two a seed': random,
            'LoRA on a middle value': [outcomeOf(done, trainCell(task, seed, evenValues(model), how))],
          },
        ];
  });
  if (series.length === 0) return 'No seed is finished.';
  const names = Object.keys(series[0]!) as (keyof (typeof series)[0])[];
  const fifths = [0, 1, 2, 3, 4];
  const rows = names.map(name => {
    const outcomes = series.flatMap(each => each[name].flatMap(outcome => outcome ?? []));
    const losses = fifths.map(i => meanOf(outcomes.map(({ curve }) => curve[i]!.loss)));
    return [name, ...losses.map(loss => fixed(loss, 3)), summary(outcomes.map(({ test }) => test))];
  });
  const heads = fifths.map(i => `loss at ${(((i + 1) * steps) / 5).toLocaleString('en')}`);
  return table([`${task}, ${series.length} seeds`, ...heads, 'test (sd)'], rows);
}
