/**
 * Learning rate of a step (counted from 0) that falls linearly from `base` at the first step towards 0 after the last
 * of `steps`, without warm-up.
 */
export function linearDecay(base: number, step: number, steps: number): number {
  return base * Math.max(0, 1 - step / steps);
}
