import type { SearchCell } from '../cells.ts';
import { fixed, meanOf, table } from '../markdown.ts';
import type { Finished } from '../store.ts';
import { searchesOf } from './searches.ts';

/** Parts of the space whose order is compared. */
const PARTS: Readonly<Record<string, RegExp>> = {
  'all candidates': /./,
  'LoRA on attention': /SelfAttention\.[qkvo]:lora/,
  'LoRA on v and o': /SelfAttention\.[vo]:lora/,
};

/**
 * Whether two searches that share nothing but the backbone put the candidates in the same order: Spearman's correlation of α
 * between seeds and between tasks, for each rule, at 75 steps, 0.01 % and the first order.
 */
export function agreementTable(done: ReadonlyMap<string, Finished>): string {
  const searches = searchesOf(done).filter(
    ({ cell }) => cell.steps === 75 && cell.budget === '0.01%' && cell.order === 'first' && !cell.candidates,
  );
  const rows = [...Map.groupBy(searches, ({ cell }) => cell.rule)].flatMap(([rule, group]) => {
    const pairs = group.flatMap((one, i) => group.slice(i + 1).map(other => [one, other] as const));
    return [...Map.groupBy(pairs, ([a, b]) => kinship(a.cell, b.cell))].sort().flatMap(([name, chosen]) => {
      const of = (part: RegExp) => meanOf(chosen.map(([a, b]) => spearman(a.outcome.alpha, b.outcome.alpha, part)));
      return [[`${rule}, ${name}`, String(chosen.length), ...Object.values(PARTS).map(part => fixed(of(part), 2))]];
    });
  });
  return table(['rule', 'pairs', ...Object.keys(PARTS)], rows);
}

/** What two searches have in common; with the seed, initial values and gates are. */
function kinship(a: SearchCell, b: SearchCell): string {
  const of = (what: 'task' | 'seed') => `${a[what] === b[what] ? 'same' : 'other'} ${what}`;
  return `${of('task')}, ${of('seed')}`;
}

type Alpha = Readonly<Record<string, number>>;

function spearman(a: Alpha, b: Alpha, part: RegExp): number {
  const ids = Object.keys(a).filter(id => part.test(id));
  const ranks = (alpha: Alpha) => new Map(ids.toSorted((x, y) => alpha[x]! - alpha[y]!).map((id, rank) => [id, rank]));
  const [first, second] = [ranks(a), ranks(b)];
  const squares = ids.reduce((sum, id) => sum + (first.get(id)! - second.get(id)!) ** 2, 0);
  return 1 - (6 * squares) / (ids.length * (ids.length ** 2 - 1));
}
