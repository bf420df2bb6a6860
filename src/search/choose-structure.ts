import { InputError } from '../core/errors.ts';
import { mean, standardDeviation } from '../core/statistics.ts';
import { type BudgetOptions, type Cost, checkBudget, fillBudget } from '../structure/budget.ts';
import type { ModuleRecord, Structure } from '../structure/structure-file.ts';

/** A budget, and what must not be kept. */
export interface ChoiceOptions extends BudgetOptions {
  /** Which must not be kept, whatever is left of the budget; none without it. */
  readonly closed?: readonly boolean[];
}

/**
 * The modules to keep (method, section 4.5): by falling worth each that still fits in what is left of the budget. The
 * order does not depend on the budget; equal ones go by position.
 * @param worth one number a module, for the paper's search α, which orders as p does, but does not tie where p rounds
 * to 1
 * @returns one answer a module
 */
export function chooseStructure(worth: ArrayLike<number>, modules: readonly Cost[], options: ChoiceOptions): boolean[] {
  const { closed } = options;
  const open = modules.map((_, i) => i).filter(i => !closed?.[i]);
  return fillBudget(
    open.sort((a, b) => worth[b]! - worth[a]! || a - b),
    modules,
    options,
  );
}

/**
 * The same structure at another budget: what its search would have kept there.
 * @param budget parameters to spend
 * @throws InputError where the budget holds no module
 */
export function atBudget(structure: Structure, budget: number, keepInert = false): Structure {
  // No short training was of this size.
  const { modules, finalists: _, ...rest } = structure;
  checkBudget(modules, { budget, keepInert });
  const closed = modules.map(({ p }) => p === 0);
  const kept = chooseStructure(modules.map(rank), modules, { budget, keepInert, closed });
  return { ...rest, budget, modules: modules.map((module, i) => ({ ...module, kept: kept[i]! })) };
}

/** What orders a structure's modules: a mean of several p has no worth; one that was not searched has neither. */
function rank({ worth, p, kept }: ModuleRecord): number {
  return worth ?? p ?? (kept ? 1 : 0);
}

/** p of every module in every structure; without p it is 1 for what a structure keeps and else 0. */
function probabilities(structures: readonly Structure[]): number[][] {
  requireAlike(structures);
  return structures[0]!.modules.map((_, i) => structures.map(({ modules }) => plainly(modules[i]!)));
}

const plainly = ({ p, kept }: ModuleRecord): number => p ?? (kept ? 1 : 0);

/** @throws InputError for structures of different models or spaces, or none */
function requireAlike(structures: readonly Structure[]): void {
  const [first] = structures;
  if (first === undefined) throw new InputError('there is no structure to average', { code: 'no-structure-found' });
  const names = ({ modules }: Structure) => modules.map(({ site, kind }) => `${site}:${kind}`).join(' ');
  for (const structure of structures) {
    if (structure.model.fingerprint !== first.model.fingerprint || names(structure) !== names(first)) {
      throw new InputError(
        `structures of the same model and search space are needed, not ${first.model.name} (${first.space}) ` +
          `and ${structure.model.name} (${structure.space})`,
        { code: 'other-structure', remedy: 'give structures that were searched on one model in one space' },
      );
    }
  }
}

/** The mean of p over structures, module by module; where one has no p, of 1 for what it keeps and else 0. */
export function meanProbability(structures: readonly Structure[]): number[] {
  return probabilities(structures).map(mean);
}

/**
 * The mean of p over structures (section E of the paper): of seeds, or of tasks. What it keeps has still to be chosen.
 * Where one has no p, modules are worth the share of the structures that keep them, and what is alike in that goes by
 * their mean rank: no search's answer is all that a larger budget could hold. A single structure comes back as it is,
 * with the worth of its modules.
 * @param weights what each counts for; all alike without them
 * @throws InputError for structures of different models or spaces, or none
 */
export function meanStructure(
  structures: readonly Structure[],
  weights: readonly number[] = structures.map(() => 1),
): Structure {
  requireAlike(structures);
  const [first, ...others] = structures as readonly [Structure, ...Structure[]];
  if (others.length === 0) return first;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const over = (values: readonly (readonly number[])[]) =>
    first.modules.map((_, i) => values.reduce((sum, own, j) => sum + own[i]! * (weights[j]! / total), 0));
  const records = structures.map(({ modules }) => modules);
  const { finalists: _, ...rest } = first;
  if (records.flat().every(({ p }) => p !== null)) {
    const p = over(records.map(modules => modules.map(plainly)));
    return { ...rest, modules: rest.modules.map((module, i) => ({ ...module, worth: null, p: p[i]!, kept: false })) };
  }
  const worth = over(records.map(worthInMean));
  const isClosed = (i: number) => records.every(modules => closes(modules[i]!));
  const modules = rest.modules.map((module, i) => {
    return { ...module, worth: worth[i]!, p: isClosed(i) ? 0 : null, kept: false };
  });
  return { ...rest, modules };
}

/** Whether a structure holds a module at no budget: its search left it out, or nothing says what it is worth. */
const closes = ({ p, worth, kept }: ModuleRecord): boolean => p === 0 || (p === null && worth === null && !kept);

/** Beside a share of structures, which differ by a thousandth at least. */
const rankWeight = 1e-3;

/** What a structure gives its modules in a mean: p, or whether they are kept; of what is open the rank beside it. */
function worthInMean(modules: readonly ModuleRecord[]): number[] {
  const open = modules.map((_, i) => i).filter(i => !closes(modules[i]!));
  const ordered = open.toSorted((a, b) => rank(modules[a]!) - rank(modules[b]!) || b - a);
  const worth = modules.map(plainly);
  for (const [place, i] of ordered.entries()) worth[i]! += (rankWeight * (place + 1)) / ordered.length;
  return worth;
}

/**
 * How far p differs between structures, module by module: its standard deviation, 0 for a single structure.
 * @throws InputError for structures of different models or spaces, or none
 */
export function spreadOfProbability(structures: readonly Structure[]): number[] {
  return probabilities(structures).map(values => standardDeviation(values) ?? 0);
}

/**
 * Share of the larger one's parameters that two structures must have in common to count as the same. Modules at the
 * budget's edge swap places for as long as α moves: on `mini` structures 25 steps apart shared 0.89 to 1 of it in the
 * last 100 of 200 steps, and were seldom equal.
 */
const SAME_SHARE = 0.9;

/** How long a structure has stayed about the same. Its state is in arrays, to be saved and restored from outside. */
export interface Stability {
  readonly arrays: Readonly<Record<string, Float64Array>>;
  /** Takes note of the structure at an evaluation. */
  see(kept: readonly boolean[]): void;
  /** Evaluations in a row that found about the structure of the one before. */
  evaluations(): number;
}

/** Watches structures over candidates of so many parameters. */
export function watchStability(counts: readonly number[]): Stability {
  // Before the first evaluation no structure is known, which is no structure of 0 and 1.
  const lastKept = new Float64Array(counts.length).fill(-1);
  const unchanged = new Float64Array(1);

  function sharedWithLast(kept: readonly boolean[]): number {
    let [shared, before, now] = [0, 0, 0];
    for (const [index, count] of counts.entries()) {
      if (kept[index]) now += count;
      if (lastKept[index] === 1) before += count;
      if (kept[index] && lastKept[index] === 1) shared += count;
    }
    // Two empty structures are the same.
    return shared === Math.max(before, now) ? 1 : shared / Math.max(before, now);
  }

  return {
    arrays: { lastKept, unchanged },
    see(kept) {
      const same = lastKept[0] !== -1 && sharedWithLast(kept) >= SAME_SHARE;
      unchanged[0] = same ? unchanged[0]! + 1 : 0;
      lastKept.set(kept.map(Number));
    },
    evaluations: () => unchanged[0]!,
  };
}
