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
