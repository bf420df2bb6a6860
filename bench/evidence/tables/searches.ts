import { cellKey, type SearchCell } from '../cells.ts';
import { trainCell } from '../contestants.ts';
import { fixed, meanOf, shortName, table } from '../markdown.ts';
import type { SearchOutcome } from '../run-search.ts';
import type { TrainOutcome } from '../run-train.ts';
import type { Finished } from '../store.ts';

type Done = ReadonlyMap<string, Finished>;
type FinishedSearch = Finished & { readonly cell: SearchCell; readonly outcome: SearchOutcome };

export function searchesOf(done: Done): FinishedSearch[] {
  return [...done.values()].filter((line): line is FinishedSearch => line.cell.kind === 'search');
}

/** Mean α of LoRA on values and outputs less that on queries and keys: the sign that trainings agree with. */
function contrast({ roles }: SearchOutcome): number {
  const of = (role: string) => roles[`lora:${role}`]!;
  return (of('v') + of('o') - of('q') - of('k')) / 2;
}

/** Mean α of biases on keys, which can change nothing: what α makes of a module without a worth. */
const atNothing = ({ roles }: SearchOutcome) => roles['bitfit:k'] ?? Number.NaN;

/** From which tenth on the kept modules are those of the end, in steps. */
function settledAt({ moments }: SearchOutcome): number {
  const last = moments.at(-1)!.kept.join();
  const unlike = moments.findLastIndex(({ kept }) => kept.join() !== last);
  return moments[unlike + 1]!.step;
}

/** Steps of the trainings that found structures are judged by here. */
const SHORT_TRAINING = 600;

function trained(done: Done, { cell, outcome }: FinishedSearch): TrainOutcome | undefined {
  return done.get(cellKey(trainCell(cell.task, cell.seed, outcome.modules, { steps: SHORT_TRAINING })))?.outcome as
    | TrainOutcome
    | undefined;
}

/** The rate of α that all searches have but those that ask for its travel. */
const ALPHA_RATE = 0.1;

const nameOf = ({ rule, order, candidates, alphaRate }: SearchCell) =>
  [
    rule,
    ...(order === 'first' ? [] : [order]),
    ...(candidates ? [candidates] : []),
    ...(alphaRate === ALPHA_RATE ? [] : [`α at ${alphaRate}`]),
  ].join(', ');

const HEAD = [
  'task, budget, steps, seed',
  'rule',
  'rate at the start',
  'v, o over q, k',
  'bias at k',
  'harm',
  'settled at',
  'kept',
  'test at 600',
  'cpu s',
];

function row(done: Done, line: FinishedSearch): string[] {
  const { cell, outcome, cpuSeconds } = line;
  return [
    `${cell.task}, ${cell.budget}, ${cell.steps}, ${cell.seed}`,
    nameOf(cell),
    outcome.moments[0]!.rate.toExponential(1),
    fixed(contrast(outcome), 2),
    fixed(atNothing(outcome), 2),
    fixed(Math.max(...outcome.moments.map(({ overshoot }) => overshoot)), 3),
    String(settledAt(outcome)),
    outcome.modules.map(shortName).join(', '),
    fixed(trained(done, line)?.test, 1),
    fixed(cpuSeconds, 0),
  ];
}

const order = (a: FinishedSearch, b: FinishedSearch) =>
  a.cell.task.localeCompare(b.cell.task) ||
  a.cell.budget.localeCompare(b.cell.budget) ||
  a.cell.steps - b.cell.steps ||
  a.cell.seed - b.cell.seed ||
  b.outcome.moments[0]!.rate - a.outcome.moments[0]!.rate;

/** Every search of the first order, a line each. */
export const searchesTable = (done: Done) =>
  table(
    HEAD,
    searchesOf(done)
      .filter(({ cell }) => cell.order === 'first')
      .sort(order)
      .map(line => row(done, line)),
  );

/** What each rule prefers, over all of its searches at one number of steps. */
export function ratesTable(done: Done): string {
  const groups = Map.groupBy(
    searchesOf(done)
      .filter(({ cell }) => cell.order === 'first')
      .sort(order),
    ({ cell }) => `${cell.task}, ${cell.budget}, ${cell.steps} | ${nameOf(cell)}`,
  );
  const rows = [...groups].map(([name, lines]) => {
    const loras = lines.flatMap(({ outcome }) => outcome.modules.filter(id => id.endsWith(':lora')));
    const on = (role: RegExp) => String(loras.filter(id => role.test(id)).length);
    return [
      ...name.split(' | '),
      String(lines.length),
      fixed(meanOf(lines.map(({ outcome }) => contrast(outcome))), 2),
      on(/\.[vo]:/),
      on(/\.[qk]:/),
      on(/\.w[io]:/),
    ];
  });
  return table(
    ['task, budget, steps', 'rule', 'searches', 'v, o over q, k', 'LoRA on v, o', 'on q, k', 'on wi, wo'],
    rows,
  );
}

/** Orders beside each other where all else is equal, with α's distance to the first order's. */
export function ordersTable(done: Done): string {
  const searches = searchesOf(done);
  const rows = searches
    .filter(({ cell }) => cell.order !== 'first')
    .flatMap(other => {
      const first = searches.find(({ key }) => key === cellKey({ ...other.cell, order: 'first' }));
      return first
        ? [first, other].map(line => [...row(done, line), fixed(apart(first.outcome, line.outcome), 3)])
        : [];
    });
  return table([...HEAD, 'α apart'], rows);
}

/** Root mean square of the differences of two α, over that of the first about its mean. */
function apart(first: SearchOutcome, other: SearchOutcome): number {
  const ids = Object.keys(first.alpha);
  const mean = meanOf(Object.values(first.alpha));
  const square = (values: number[]) => meanOf(values.map(value => value ** 2));
  return Math.sqrt(
    square(ids.map(id => other.alpha[id]! - first.alpha[id]!)) / square(ids.map(id => first.alpha[id]! - mean)),
  );
}
