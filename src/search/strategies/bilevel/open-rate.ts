import type { GateEstimator } from './estimators.ts';

/**
 * What share of a training's learning rate suits the weights while all candidates are open: half of B / Σ nᵢ·E[zᵢ], the
 * parameters that the budget holds over those that the gates leave open on average.
 *
 * A training of what is kept moves B parameters at its rate; a search moves all that is open, and drawn gates are on
 * average wider open than p. At the training's rate their sum overshoots, and α shuns the best places for it: LoRA on
 * values and outputs. With this share two searches that have only the backbone in common order the candidates alike
 * (rank correlation 0.73, where it was 0.21); `docs/measured/search-rates.md` has the measurements, and those of other
 * rules. As α decides, it nears a half.
 */
export function openRateShare(
  { expectedGates }: Pick<GateEstimator, 'expectedGates'>,
  alpha: Float64Array,
  { counts, budget }: { readonly counts: readonly number[]; readonly budget: number },
): number {
  // Without a budget that gates share there is nothing that more could be open than.
  if (expectedGates === undefined) return 1;
  const open = expectedGates(alpha).reduce((sum, gate, i) => sum + gate * counts[i]!, 0);
  return shareOfOpen(open, budget);
}

/** The same where so many parameters are open, whatever opens them. */
export function shareOfOpen(open: number, budget: number): number {
  return Math.min(1, budget / open) / 2;
}
