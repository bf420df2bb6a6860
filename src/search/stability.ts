/** How long a structure has stayed the same. Its state is in arrays, to be saved and restored from outside. */
export interface Stability {
  readonly arrays: Readonly<Record<string, Float64Array>>;
  /** Takes note of the structure at an evaluation. */
  see(kept: readonly boolean[]): void;
  /** Evaluations in a row that found the structure of the one before. */
  evaluations(): number;
}

/** Watches structures over so many candidates. */
export function watchStability(candidates: number): Stability {
  // Before the first evaluation no structure is known, which is no structure of 0 and 1.
  const lastKept = new Float64Array(candidates).fill(-1);
  const unchanged = new Float64Array(1);
  return {
    arrays: { lastKept, unchanged },
    see(kept) {
      const same = kept.every((isKept, index) => lastKept[index] === Number(isKept));
      unchanged[0] = same ? unchanged[0]! + 1 : 0;
      lastKept.set(kept.map(Number));
    },
    evaluations: () => unchanged[0]!,
  };
}
