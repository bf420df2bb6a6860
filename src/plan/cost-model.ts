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
 * A line is drawn through timings whose operations differ by this factor; nearer ones tell noise from overhead badly.
 */
const SPREAD = 1.5;

/**
 * The line through the timings that is best in relative errors. Where they cannot tell an overhead, or tell an
 * impossible one, a rate alone.
 */
export function fitCost(timings: readonly Timing[]): CostModel {
  // Least squares of (overhead + flops / rate − seconds) / seconds.
  let [ones, mixed, squares, one, x] = [0, 0, 0, 0, 0];
  for (const { flops, seconds } of timings) {
    ones += 1 / seconds ** 2;
    mixed += flops / seconds ** 2;
    squares += (flops / seconds) ** 2;
    one += 1 / seconds;
    x += flops / seconds;
  }
  const flops = timings.map(timing => timing.flops);
  const determinant = ones * squares - mixed ** 2;
  const slope = (ones * x - mixed * one) / determinant;
  const overhead = (squares * one - mixed * x) / determinant;
  const isTold = Math.max(...flops) >= SPREAD * Math.min(...flops) && slope > 0 && overhead >= 0;
  return isTold ? { overhead, rate: 1 / slope } : { overhead: 0, rate: squares / x };
}

export function secondsOf({ overhead, rate }: CostModel, flops: number): number {
  return overhead + flops / rate;
}
