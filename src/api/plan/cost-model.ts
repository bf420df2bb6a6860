/** One timed call: what it computes, in floating-point operations of its matrix products, and how long it took. */
export interface Timing {
  readonly flops: number;
  readonly seconds: number;
}

/** Seconds of a call = `overhead` + `flops` / `rate`. */
export interface CostModel {
  readonly overhead: number;
  /** Floating-point operations a second. */
  readonly rate: number;
}

/**
 * The line through the timings that is best in relative errors, neither of its terms negative. One timing alone gives
 * a rate without overhead.
 */
export function fitCost(timings: readonly Timing[]): CostModel {
  // Least squares of (overhead + slope·flops − seconds) / seconds.
  const [s00, s01, s11, t0, t1] = timings.reduce(
    ([a, b, c, d, e], { flops, seconds }) => {
      const [one, x] = [1 / seconds, flops / seconds];
      return [a + one * one, b + one * x, c + x * x, d + one, e + x] as const;
    },
    [0, 0, 0, 0, 0] as readonly [number, number, number, number, number],
  );
  const determinant = s00 * s11 - s01 * s01;
  const slope = (s00 * t1 - s01 * t0) / determinant;
  const overhead = (s11 * t0 - s01 * t1) / determinant;
  if (determinant > 1e-9 * s00 * s11 && slope > 0 && overhead >= 0) return { overhead, rate: 1 / slope };
  return slope <= 0 ? { overhead: t0 / s00, rate: Number.POSITIVE_INFINITY } : { overhead: 0, rate: s11 / t1 };
}

export function secondsOf({ overhead, rate }: CostModel, flops: number): number {
  return overhead + flops / rate;
}
