import type { Model } from '../../../src/index.ts';
import { signFlipTest } from '../../../src/research.ts';
import { type DemoCell, isRandom, pairsOf } from '../../demo/tables.ts';
import { fixed, spreadOf, summary, table, told } from '../markdown.ts';
import { type Done, type Line, linesOf, type Rival, spreadOfRandom, type Trained } from './seed-scores.ts';

/** Columns that are no rivals: forms of the search itself, and what no choice could have known. */
const NO_RIVALS: readonly string[] = ['best of all tried', 'found among four', "S³Delta's"] satisfies Rival[];
/** Fewer cannot tell anything at 0.05, and are no test to be corrected for. */
export const FEWEST_PAIRS = 6;

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

type Hows = Readonly<Record<string, Trained>>;

const rivalsOf = <Name extends string>(lines: readonly Line<Name>[]) =>
  [...new Set(lines.flatMap(({ rivals }) => Object.keys(rivals)))] as Name[];

/**
 * Found beside its rivals: each seed, then means.
 * @param hows by task
 */
export function rivalsTable(done: Done, model: Model, hows: Hows): string {
  const lines = linesOf(done, model, hows);
  const names = rivalsOf(lines);
  const rows = lines.map(({ task, seed, found, rivals }) => [
    ...[`${task}, seed ${seed}`, fixed(found, 1)],
    ...names.map(name => fixed(rivals[name], 1)),
  ]);
  for (const [task, here] of Map.groupBy(lines, line => line.task)) {
    const means = names.map(name => summary(here.flatMap(({ rivals }) => rivals[name] ?? [])));
    rows.push([`**${task}, mean (sd)**`, summary(here.map(({ found }) => found)), ...means]);
  }
  return table(['test score', 'found', ...names], rows);
}

/** Random structures' standard deviation of each task. */
const spreadsOf = (done: Done, model: Model, hows: Hows): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(hows).map(([task, how]) => [task, spreadOfRandom(done, model, task, how)]));

/** Found less each rival, over pairs of one seed: in spreads over all tasks, and in points of each; with sign-flip p. */
export function differencesTable(done: Done, model: Model, hows: Hows): string {
  return differencesOf(linesOf(done, model, hows), spreadsOf(done, model, hows));
}

/** @param spreads of each task */
export function differencesOf<Name extends string>(
  lines: readonly Line<Name>[],
  spreads: Readonly<Record<string, number>>,
): string {
  const tasks = Object.keys(spreads);
  return table(['found less', ...headsOf(tasks)], differenceRows(lines, spreads, tasks));
}

const headsOf = (tasks: readonly string[]) => ['pairs', 'in spreads', 'p', 'p by Holm', ...tasks];

/** A row for each rival that was trained. */
function differenceRows<Name extends string>(
  lines: readonly Line<Name>[],
  spreads: Readonly<Record<string, number>>,
  tasks: readonly string[],
): string[][] {
  const apart = (some: readonly Line<Name>[], name: Name, unit = (_: string) => 1) =>
    some.flatMap(({ task, found, rivals: { [name]: score } }) =>
      // A task of which no random structures are trained yet has no unit.
      score === undefined || Number.isNaN(unit(task)) ? [] : [(found - score) / unit(task)],
    );
  const tests = rivalsOf(lines).flatMap(name => {
    const test = signFlipTest(apart(lines, name, task => spreads[task]!));
    return test ? [{ name, test }] : [];
  });
  const rivals = tests.filter(({ name, test }) => !NO_RIVALS.includes(name) && test.pairs >= FEWEST_PAIRS);
  const corrected = holm(rivals.map(({ test }) => test.p));
  return tests.map(({ name, test }) => {
    const place = rivals.findIndex(rival => rival.name === name);
    const here = (task: string) => lines.filter(line => line.task === task);
    return [
      ...[name, String(test.pairs), fixed(test.difference, 2), fixed(test.p, 4), fixed(corrected[place], 3)],
      ...tasks.map(task => told(signFlipTest(apart(here(task), name)), 1)),
    ];
  });
}

/** What another task's results say at a budget. */
interface Elsewhere {
  readonly lines: readonly Line[];
  readonly spread: number;
}

/** The demo's e-mails, of the first eight seeds. */
export function emailsAt(cells: readonly DemoCell[], budget: string): Elsewhere {
  const own = cells.filter(cell => cell.budget === budget && cell.seed < 8);
  const lines = pairsOf(own).map(({ seed, found, random, best, values }) => ({
    ...{ task: EMAILS, seed, found },
    rivals: { 'random, mean of 2': random, 'best of 2 random': best, 'LoRA on values': values },
  }));
  return { lines, spread: spreadOf(own.filter(isRandom).map(({ test }) => test)) };
}
const EMAILS = 'e-mail';

/** Rivals that were trained at every budget. */
const EVERYWHERE: readonly Rival[] = ['found among four', 'random, mean of 2', 'best of 2 random', 'LoRA on values'];

/** Found less these at each of several budgets, with e-mail as one more task; p by Holm over a budget's rivals. */
export function budgetDifferencesTable(
  done: Done,
  model: Model,
  budgets: readonly string[],
  hows: Hows,
  emails: (budget: string) => Elsewhere,
): string {
  const tasks = [...Object.keys(hows), EMAILS];
  const rows = budgets.flatMap(budget => {
    const here = Object.fromEntries(Object.entries(hows).map(([task, how]) => [task, { ...how, budget }]));
    const { lines, spread } = emails(budget);
    const all = [...linesOf(done, model, here), ...lines].map(({ rivals, ...line }) => ({
      ...line,
      rivals: Object.fromEntries(EVERYWHERE.map(name => [name, rivals[name]])),
    }));
    const spreads = { ...spreadsOf(done, model, here), [EMAILS]: spread };
    return differenceRows(all, spreads, tasks).map(([rival, ...cells]) => [`${budget}, ${rival}`, ...cells]);
  });
  return table(['budget, found less', ...headsOf(tasks)], rows);
}
