import { studentQuantile } from './statistics.ts';

/**
 * The smallest true mean of normal differences, in their standard deviations, that the sign-flip test of 6, 7, … pairs
 * shows (p ≤ 0.05) four times in five. So few pairs have few sign patterns, and the test asks for more than Student's
 * does. That of six follows from 2 / 2⁶ < 0.05 < 4 / 2⁶: all six must have one sign, so that Φ(effect)⁶ = 0.8. The
 * others are by simulation: bisection of the share of 40,000 samples, the same ones at each effect, that the exact test
 * rejects; 0.01 is sure.
 */
const simulated = [1.79, 1.33, 1.19, 1.09, 1.01, 0.94, 0.89];
const fewestPairs = 6;

/** The same for any number of pairs: beyond those simulated Student's test is less than 2 % off. */
export function shownEffect(pairs: number): number {
  if (pairs < fewestPairs) return Number.POSITIVE_INFINITY;
  return simulated[pairs - fewestPairs] ?? studentEffect(pairs);
}

function studentEffect(pairs: number): number {
  return (studentQuantile(0.975, pairs - 1) + studentQuantile(0.8, pairs - 1)) / Math.sqrt(pairs);
}

/**
 * The smallest true difference between two structures that so many paired seeds show four times in five, at the 5 %
 * level.
 * @param noise standard deviation of one training
 */
export function shownDifference(noise: number, seeds: number): number {
  return shownEffect(seeds) * noise * Math.SQRT2;
}
