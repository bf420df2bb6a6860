import { studentQuantile } from './distributions.ts';
import { fillUniform } from './random.ts';

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample (n − 1 below the sum); undefined where there are fewer than two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Where a value may lie. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What a test of paired differences finds. */
export interface PairedTest {
  readonly pairs: number;
  /** Mean of the differences. */
  readonly difference: number;
  /** Standard deviation of the differences; null of a single one. */
  readonly sd: number | null;
  /** 95 % interval of the mean, by Student's t; null of a single difference. */
  readonly interval: Interval | null;
  /** Two-sided: how often chance alone gives a mean difference as far from 0. */
  readonly p: number;
  /** The smallest p that so many pairs can give: with all differences of one sign. */
  readonly smallestP: number;
}

/** Up to so many pairs all sign patterns are counted, a million; beyond, so many are drawn. */
const exactPairs = 20;
const drawnPatterns = 100_000;

/**
 * Paired sign-flip test (Fisher's permutation test of matched pairs): were there no difference, each pair's could as
 * well have the other sign. p is the share of all 2ⁿ sign patterns whose sum is at least as far from 0 as the one seen.
 * Exact up to 20 pairs; nothing is assumed of the distribution. Undefined without pairs.
 */
export function signFlipTest(differences: readonly number[]): PairedTest | undefined {
  const pairs = differences.length;
  if (pairs === 0) return undefined;
  // Sums of the same numbers in other signs may differ in the last digit only: those count as equal.
  const scale = differences.reduce((sum, value) => sum + Math.abs(value), 0);
  const seen = Math.abs(differences.reduce((sum, value) => sum + value, 0)) - 1e-9 * scale;
  const exact = pairs <= exactPairs;
  const patterns = exact ? 2 ** pairs : drawnPatterns;
  const isFar = exact
    ? (pattern: number) => Math.abs(sumOf(differences, i => (pattern >> i) & 1)) >= seen
    : (pattern: number) => {
        const draws = fillUniform(new Float32Array(pairs), 0, 'statistics/sign-flip', pattern);
        return Math.abs(sumOf(differences, i => (draws[i]! < 0.5 ? 1 : 0))) >= seen;
      };
  let far = 0;
  for (let pattern = 0; pattern < patterns; pattern++) if (isFar(pattern)) far += 1;
  // The pattern seen is one of those drawn, so that p is never 0.
  const p = exact ? far / patterns : (far + 1) / (patterns + 1);
  const difference = mean(differences);
  const sd = standardDeviation(differences) ?? null;
  const interval = studentInterval(differences);
  return { pairs, difference, sd, interval, p, smallestP: exact ? 2 / patterns : 1 / (patterns + 1) };
}

function sumOf(values: readonly number[], flips: (index: number) => number): number {
  return values.reduce((sum, value, i) => sum + (flips(i) === 1 ? -value : value), 0);
}

/** The 95 % interval of a mean, by Student's t; null of fewer than two values. */
export function studentInterval(values: readonly number[]): Interval | null {
  const sd = standardDeviation(values);
  if (sd === undefined) return null;
  const half = (studentQuantile(0.975, values.length - 1) * sd) / Math.sqrt(values.length);
  return { low: mean(values) - half, high: mean(values) + half };
}
