import { signFlipTest } from '../../src/research.ts';
import { fixed, meanOf, shortName, spreadOf, table } from '../evidence/markdown.ts';

/** What is trained: what a search found, a random draw, or LoRA of rank 1 on as many values as the budget holds. */
export type What = 'found' | `random ${number}` | 'values';

/** A line of the results. Scores are 0 to 100, losses nats a target token. */
export interface DemoCell {
  readonly budget: string;
  readonly seed: number;
  readonly what: What;
  /** Ids of the modules that are trained. */
  readonly kept: readonly string[];
  readonly steps: number;
  /** Validation loss at each validation. */
  readonly losses: readonly number[];
  readonly validation: number;
  readonly test: number;
  /** Of the training, all threads. */
  readonly cpuSeconds: number;
  /** Of always giving the commonest label. */
  readonly majority: number;
  readonly search?: { readonly steps: number; readonly evaluations: number; readonly cpuSeconds: number };
}

/** The tables of a page, by the names of their marks. */
export function demoTables(cells: readonly DemoCell[]): Readonly<Record<string, () => string>> {
  return {
    'demo-budgets': () => budgetsTable(cells),
    'demo-trainings': () => trainingsTable(cells),
  };
}

/** Test scores that stand beside each other at a budget and seed. */
export interface Pair {
  readonly seed: number;
  readonly found: number;
  readonly random: number;
  readonly best: number;
  readonly majority: number;
  /** Absent where the budget holds no LoRA on a value, or none was trained. */
  readonly values?: number;
}

type Score = Exclude<keyof Pair, 'seed'>;

export const isRandom = ({ what }: DemoCell) => what.startsWith('random');
const leastLoss = ({ losses }: DemoCell) => Math.min(...losses);

/**
 * The seeds of a budget that have both. The best of the random draws is that of the least validation loss, among as many
 * as cost what search and training do, the last of them whole.
 */
export function pairsOf(cells: readonly DemoCell[]): Pair[] {
  return [...Map.groupBy(cells, ({ seed }) => seed)].flatMap(([seed, own]) => {
    const found = own.find(({ what }) => what === 'found');
    const random = own.filter(isRandom);
    if (found?.search === undefined || random.length === 0) return [];
    const affordable = 1 + Math.ceil(found.search.evaluations / found.steps);
    const best = random.slice(0, affordable).reduce((a, b) => (leastLoss(b) < leastLoss(a) ? b : a));
    const mean = meanOf(random.map(({ test }) => test));
    const values = own.find(({ what }) => what === 'values')?.test;
    return [
      {
        ...{ seed, found: found.test },
        random: mean,
        best: best.test,
        majority: found.majority,
        ...(values !== undefined && { values }),
      },
    ];
  });
}

function budgetsTable(cells: readonly DemoCell[]): string {
  const groups = Map.groupBy(cells, ({ budget }) => budget);
  const rows = [...groups].flatMap(([budget, own]) => {
    const pairs = pairsOf(own);
    if (pairs.length === 0) return [];
    const of = (key: Score) => rangeOf(pairs.flatMap(pair => pair[key] ?? []));
    const against = (key: Score) => {
      const test = signFlipTest(pairs.flatMap(pair => (pair[key] === undefined ? [] : pair.found - pair[key])));
      return test ? `${fixed(test.difference, 1)} (p ${test.p.toFixed(3)})` : '–';
    };
    return [
      [
        ...[budget, String(pairs.length), of('found'), of('random'), of('best'), of('values'), of('majority')],
        ...[against('random'), against('best'), against('values')],
      ],
    ];
  });
  const head = ['budget', 'seeds', 'found', 'random, mean', 'best of random', 'LoRA on values', 'commonest label'];
  return table([...head, 'found less random', 'found less best', 'found less values'], rows);
}

/** `91.2 (89.0 to 92.4, sd 1.1)` */
function rangeOf(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const sd = values.length > 1 ? `, sd ${fixed(spreadOf(values), 1)}` : '';
  return `${fixed(meanOf(values), 1)} (${fixed(low, 1)} to ${fixed(high, 1)}${sd})`;
}

/** By budget, seed and what was trained. */
const byPlace = (a: DemoCell, b: DemoCell) =>
  a.budget.localeCompare(b.budget) || a.seed - b.seed || a.what.localeCompare(b.what);

function trainingsTable(cells: readonly DemoCell[]): string {
  const head = [
    'budget, seed',
    'what',
    'modules',
    'validation loss on the way',
    'validation',
    'test',
    'cpu s',
    'search',
  ];
  const modules = ({ kept }: DemoCell) => (kept.length > 6 ? `${kept.length}` : kept.map(shortName).join(', '));
  return table(
    head,
    cells
      .toSorted(byPlace)
      .map(cell => [
        ...[
          `${cell.budget}, ${cell.seed}`,
          cell.what,
          modules(cell),
          cell.losses.map(each => each.toFixed(3)).join(' '),
        ],
        ...[fixed(cell.validation, 1), fixed(cell.test, 1), fixed(cell.cpuSeconds, 0)],
        fixed(cell.search?.cpuSeconds, 0),
      ]),
  );
}
