import type { BudgetOptions, Cost } from '../../../structure/budget.ts';
import { chooseStructure } from '../../choose-structure.ts';

/** What a step of a pruning search is for. */
export interface PruningMoment {
  /** Number of the round, from 0. */
  readonly round: number;
  /** Whether it trains the modules, or takes their saliencies. */
  readonly trains: boolean;
  /** How many of the steps before were alike. */
  readonly before: number;
  /** Whether the round ends with it, and modules are closed. */
  readonly prunes: boolean;
}

/** Share of a round's steps that take saliencies: one batch says little of a module that a few words make matter. */
const scoringShare = 0.25;

/** Rounds of equal lengths over so many steps; each has a step at least that trains, and one that scores. */
export function planRounds(steps: number, wanted: number): readonly PruningMoment[] {
  const rounds = Math.max(1, Math.min(wanted, Math.floor(steps / 2)));
  let trained = 0;
  return Array.from({ length: steps }, (_, step) => {
    const round = Math.floor((step * rounds) / steps);
    const [begin, end] = [round, round + 1].map(each => Math.ceil((each * steps) / rounds)) as [number, number];
    const trains = step < end - Math.max(1, Math.round(scoringShare * (end - begin)));
    const before = trains ? trained : step - trained;
    if (trains) trained += 1;
    return { round, trains, before, prunes: step === end - 1 };
  });
}

/** How many rounds these moments make. */
export const countRounds = (moments: readonly PruningMoment[]): number => moments.at(-1)!.round + 1;

/**
 * Parameters that may stay open after a round: from all to the budget by equal factors, so that each round closes the
 * same share of what is left.
 */
export function openAfter(round: number, rounds: number, { all, budget }: { all: number; budget: number }): number {
  return round + 1 === rounds ? budget : all * (budget / all) ** ((round + 1) / rounds);
}

/**
 * Closes the modules of the least saliency, in place.
 * @param gates 1 for each module that is open, 0 for the closed ones
 * @param saliency of each module in this round; that of a closed one is not read
 * @returns those that were closed, the most salient first
 */
export function prune(
  gates: Float32Array,
  saliency: ArrayLike<number>,
  modules: readonly Cost[],
  options: BudgetOptions,
): number[] {
  const kept = chooseStructure(saliency, modules, { ...options, closed: Array.from(gates, gate => gate === 0) });
  const pruned = kept.flatMap((is, i) => (!is && gates[i] === 1 ? [i] : []));
  for (const i of pruned) gates[i] = 0;
  return pruned.sort((a, b) => saliency[b]! - saliency[a]! || a - b);
}
