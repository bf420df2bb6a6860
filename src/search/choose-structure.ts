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

/** What orders a structure's modules: a mean of several has no worth, but p; one that was not searched has neither. */
function rank({ worth, p, kept }: ModuleRecord): number {
  return worth ?? p ?? (kept ? 1 : 0);
}

/** p of every module in every structure; without p it is 1 for what a structure keeps and else 0. */
function probabilities(structures: readonly Structure[]): number[][] {
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
  return first.modules.map((_, i) => structures.map(({ modules }) => modules[i]!.p ?? (modules[i]!.kept ? 1 : 0)));
}

/**
 * The mean of p over structures (section E of the paper): of seeds, or of tasks. What it keeps has still to be chosen.
 * A single structure comes back as it is, with the worth of its modules.
 * @throws InputError for structures of different models or spaces, or none
 */
export function meanStructure(structures: readonly Structure[]): Structure {
  const p = probabilities(structures).map(mean);
  const [first, ...others] = structures as readonly [Structure, ...Structure[]];
  if (others.length === 0) return first;
  const { finalists: _, ...rest } = first;
  const modules = rest.modules.map((module, i) => ({ ...module, worth: null, p: p[i]!, kept: false }));
  return { ...rest, modules };
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
