import { type PairedTest, signFlipTest } from '../../../src/research.ts';
import { cellKey } from '../cells.ts';
import { fixed, meanOf, shortName, spreadOf, table } from '../markdown.ts';
import { strategies, strategyCell, trainCell } from '../plan.ts';
import type { StrategyOutcome } from '../run-strategy.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';

type Done = ReadonlyMap<string, Finished>;

const TASKS = ['sst2', 'stsb'];
const SEEDS = [...Array(8).keys()];
const STEPS = 600;
/** Beside which the others are held. */
const FIRST = Object.keys(strategies)[0]!;

interface Trained {
  readonly seed: number;
  readonly search: Finished & { readonly outcome: StrategyOutcome };
  readonly training: Finished & { readonly outcome: TrainOutcome };
}

/** What a strategy has found of a task, where it was trained too. */
function trainedOf(done: Done, task: string, name: string): Trained[] {
  return SEEDS.flatMap(seed => {
    const search = done.get(cellKey(strategyCell(task, seed, name))) as Trained['search'] | undefined;
    if (!search) return [];
    const cell = trainCell(task, seed, search.outcome.modules, { steps: STEPS });
    const training = done.get(cellKey(cell)) as Trained['training'] | undefined;
    return training ? [{ seed, search, training }] : [];
  });
}

const told = (test: PairedTest | undefined) =>
  test ? `${fixed(test.difference, 1)} (p ${fixed(test.p, 3)}, n ${test.pairs})` : '–';

/** Each strategy's structures, trained alike, with what their search has cost in trainings. */
export function strategiesTable(done: Done): string {
  const rows = TASKS.flatMap(task => {
    const first = trainedOf(done, task, FIRST);
    return Object.keys(strategies).flatMap(name => {
      const found = trainedOf(done, task, name);
      if (found.length === 0) return [];
      const tests = found.map(({ training }) => training.outcome.test);
      const pairs = found.flatMap(({ seed, training }) => {
        const other = first.find(each => each.seed === seed);
        return other ? [training.outcome.test - other.training.outcome.test] : [];
      });
      const cost = meanOf(found.map(({ search, training }) => search.cpuSeconds / training.cpuSeconds));
      return [
        [
          `${task}, ${name}`,
          String(found.length),
          `${fixed(meanOf(tests), 1)} (${fixed(tests.length < 2 ? undefined : spreadOf(tests), 1)})`,
          fixed(Math.min(...tests), 1),
          name === FIRST ? '' : told(signFlipTest(pairs)),
          fixed(meanOf(found.map(({ search }) => search.outcome.evaluations)), 0),
          fixed(cost, 2),
          found.map(({ search }) => search.outcome.modules.map(shortName).join(' + ')).join('; '),
        ],
      ];
    });
  });
  const head = ['test, mean (sd)', 'least', `less ${FIRST}`, 'losses with gradients', 'cost in trainings', 'kept'];
  return rows.length === 0 ? 'No seed is finished.' : table(['task, strategy', 'seeds', ...head], rows);
}
