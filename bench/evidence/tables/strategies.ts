import type { Model } from '../../../src/index.ts';
import { signFlipTest } from '../../../src/research.ts';
import { cellKey } from '../cells.ts';
import { DEFAULT, EARLIER, RACE, strategies, strategyCell, trainCell } from '../contestants.ts';
import { fixed, meanOf, shortName, summary, table, told } from '../markdown.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';
import { type Done, spreadOfRandom, type Trained } from './seed-scores.ts';

const TASKS = ['sst2', 'stsb', 'mrpc', 'cola'];
const SEEDS = [...Array(8).keys()];
const STEPS = 600;
/** Beside which the others are held: at one rate, as they were searched and trained. */
const FIRST = EARLIER;
/** What the race and the default of today found was trained at the rates that suit. */
const NAMES = Object.keys(strategies).filter(name => name !== RACE && name !== DEFAULT);

interface Finding {
  readonly seed: number;
  readonly search: Finished & { readonly outcome: StrategyOutcome };
  readonly training: Finished & { readonly outcome: TrainOutcome };
}

/** What a strategy has found of a task, where it was trained too. */
function trainedOf(done: Done, task: string, name: string): Finding[] {
  return SEEDS.flatMap(seed => {
    const search = done.get(cellKey(strategyCell(task, seed, name))) as Finding['search'] | undefined;
    if (!search) return [];
    const cell = trainCell(task, seed, search.outcome.modules, { steps: STEPS });
    const training = done.get(cellKey(cell)) as Finding['training'] | undefined;
    return training ? [{ seed, search, training }] : [];
  });
}

const testOf = ({ training }: Finding) => training.outcome.test;
const costOf = ({ search, training }: Finding) => search.cpuSeconds / training.cpuSeconds;

/** Test scores less those of the first strategy, of the seeds that have both. */
function pairsOf(done: Done, task: string, name: string): number[] {
  const first = new Map(trainedOf(done, task, FIRST).map(each => [each.seed, testOf(each)]));
  return trainedOf(done, task, name).flatMap(each => {
    const other = first.get(each.seed);
    return other === undefined ? [] : [testOf(each) - other];
  });
}

/** Each strategy's structures, trained alike, with what their search has cost in trainings. */
export function strategiesTable(done: Done): string {
  const rows = TASKS.flatMap(task =>
    NAMES.flatMap(name => {
      const found = trainedOf(done, task, name);
      if (found.length === 0) return [];
      return [
        [
          ...[`${task}, ${name}`, String(found.length), summary(found.map(testOf))],
          fixed(Math.min(...found.map(testOf)), 1),
          name === FIRST ? '' : told(signFlipTest(pairsOf(done, task, name)), 1),
          fixed(meanOf(found.map(({ search }) => search.outcome.evaluations)), 0),
          fixed(meanOf(found.map(costOf)), 2),
          found.map(({ search }) => search.outcome.modules.map(shortName).join(' + ')).join('; '),
        ],
      ];
    }),
  );
  const head = ['test, mean (sd)', 'least', `less ${FIRST}`, 'losses with gradients', 'cost in trainings', 'kept'];
  return rows.length === 0 ? 'No seed is finished.' : table(['task, strategy', 'seeds', ...head], rows);
}

/** Over all tasks: each strategy less the default, in units of a task's spread between random structures that are trained so. */
export function defaultsTable(done: Done, model: Model, hows: Readonly<Record<string, Trained>>): string {
  const spreads = new Map(TASKS.map(task => [task, spreadOfRandom(done, model, task, hows[task]!)]));
  const rows = NAMES.flatMap(name => {
    const found = TASKS.flatMap(task => trainedOf(done, task, name));
    if (found.length === 0) return [];
    const pairs = TASKS.flatMap(task => pairsOf(done, task, name).map(points => points / spreads.get(task)!));
    return [
      [
        ...[name, String(found.length), name === FIRST ? '' : told(signFlipTest(pairs), 2)],
        ...[name === FIRST ? '' : fixed(Math.min(...pairs), 2), fixed(meanOf(found.map(costOf)), 2)],
      ],
    ];
  });
  const head = ['strategy', 'structures', `less ${FIRST}, in spreads`, 'worst pair', 'cost in trainings'];
  return rows.length === 0 ? 'No seed is finished.' : table(head, rows);
}
