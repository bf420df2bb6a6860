import type { Model } from '../../../src/index.ts';
import { cellKey, type TrainCell } from '../cells.ts';
import { evenValues, foundBy, randomModules, S3DELTA, strategyCell, trainCell } from '../contestants.ts';
import { fixed, meanOf, shortName, summary, table } from '../markdown.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';
import { type Done, outcomeOf, type Trained } from './seed-scores.ts';

const SEEDS = [...Array(16).keys()];

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
    const found = ofSearch(foundBy(how));
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
