import { fillUniform } from './random.ts';

/** Arithmetic mean; NaN of nothing. It lies among the values, whatever a sum rounds off: of equal ones it is each. */
export function mean(values: readonly number[]): number {
  const rounded = values.reduce((sum, value) => sum + value, 0) / values.length;
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Math.max(least, Math.min(most, rounded));
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
 * Exact up to 20 pairs; nothing is assumed of the distribution. Undefined without pairs, and where a difference is no
 * number, as that to a score which is not defined.
 */
export function signFlipTest(differences: readonly number[]): PairedTest | undefined {
  const pairs = differences.length;
  if (pairs === 0 || !differences.every(Number.isFinite)) return undefined;
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

/** A standard deviation with its 95 % interval. */
export interface SpreadEstimate {
  readonly sd: number;
  readonly low: number;
  readonly high: number;
}

/** Where the differences between scores come from. */
export interface VarianceComponents {
  readonly structures: number;
  readonly seeds: number;
  readonly mean: number;
  /** Between structures, the noise of training taken out. */
  readonly between: SpreadEstimate;
  /** Between trainings of one structure, what a seed does to all structures alike taken out. */
  readonly within: SpreadEstimate;
}

const tail = 0.025;

/**
 * Components of variance of scores, structures × seeds, where score = mean + structure + seed + noise: by analysis of
 * variance, which for a whole table is restricted maximum likelihood as long as no component is below 0; such a one is
 * 0. A seed draws the split and the batches for all structures, so what it does to all of them alike is no noise of a
 * comparison. Intervals: within by χ², between by Tukey and Williams (Williams, Biometrika 1962), which holds its 95 %
 * in simulations of 12 structures by 2 seeds.
 * @param scores a row a structure, a column a seed, none missing
 * @returns undefined where there are fewer than two structures or seeds
 */
export function varianceComponents(scores: readonly (readonly number[])[]): VarianceComponents | undefined {
  const structures = scores.length;
  const seeds = scores[0]?.length ?? 0;
  if (structures < 2 || seeds < 2) return undefined;
  const ofStructure = scores.map(mean);
  // Not of all scores at once: where structures are equal, what such a sum rounds off would tell them apart.
  const centre = mean(ofStructure);
  const ofSeed = scores[0]!.map((_, seed) => mean(scores.map(row => row[seed]!)));
  const above = structures - 1;
  const below = above * (seeds - 1);
  const betweenSquare = (seeds * sumOfSquares(ofStructure.map(each => each - centre))) / above;
  const noise = scores.flatMap((row, i) => row.map((score, j) => score - ofStructure[i]! - ofSeed[j]! + centre));
  const withinSquare = sumOfSquares(noise) / below;
  const bound = (share: number) =>
    (above * (betweenSquare - fisherQuantile(share, above, below) * withinSquare)) /
    (seeds * chiSquaredQuantile(share, above));
  return {
    ...{ structures, seeds, mean: centre },
    between: {
      sd: root((betweenSquare - withinSquare) / seeds),
      low: root(bound(1 - tail)),
      high: root(bound(tail)),
    },
    within: {
      sd: root(withinSquare),
      low: root((below * withinSquare) / chiSquaredQuantile(1 - tail, below)),
      high: root((below * withinSquare) / chiSquaredQuantile(tail, below)),
    },
  };
}

/** How far the best of so many draws is above their mean, in standard deviations (Blom's approximation). */
export function expectedMaximum(draws: number): number {
  return draws < 2 ? 0 : normalQuantile((draws - 0.375) / (draws + 0.25));
}

const sumOfSquares = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);

const root = (variance: number) => Math.sqrt(Math.max(0, variance));

/**
 * Quantiles of the distributions that intervals are made of: found by bisection of the distribution functions, which
 * are the regularised incomplete beta and gamma functions (Abramowitz and Stegun, 6.5, 26.4 to 26.7).
 */

/** Terms after which a series or continued fraction has long converged for the degrees of freedom of an experiment. */
const mostTerms = 10_000;

/** ln Γ(x) for x > 0: Stirling's series, at an argument large enough for it to hold sixteen digits. */
function logGamma(x: number): number {
  let [shift, at] = [0, x];
  while (at < 12) {
    shift += Math.log(at);
    at += 1;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const tail = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + tail - shift;
}

/** P(a, x), the share of the gamma distribution of shape a below x, by its power series. */
function gammaShare(a: number, x: number): number {
  if (x <= 0) return 0;
  // Far out in the tail the series needs as many terms as x: nothing is left there.
  if (x > a + 40 * Math.sqrt(a) + 100) return 1;
  let [term, sum] = [1 / a, 1 / a];
  for (let n = 1; n < mostTerms && term > sum * Number.EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.min(1, sum * Math.exp(a * Math.log(x) - x - logGamma(a)));
}

/** I(x; a, b), the share of the beta distribution below x, by its continued fraction (Lentz's way to evaluate it). */
function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const tiny = 1e-300;
  const nonZero = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < mostTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const coefficient of [even, odd]) {
      d = 1 / nonZero(1 + coefficient * d);
      c = nonZero(1 + coefficient / c);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (fraction * Math.exp(front)) / a;
}

/** Where a rising function of values above 0 reaches a share. */
function solve(share: (value: number) => number, wanted: number): number {
  let [low, high] = [0, 1];
  while (share(high) < wanted && high < 1e12) high *= 2;
  while (high - low > high * 1e-13) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (share(middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The value below which a share (0 to 1, exclusive) of the χ² distribution lies. */
export function chiSquaredQuantile(share: number, degrees: number): number {
  return solve(value => gammaShare(degrees / 2, value / 2), share);
}

/** The same of the F distribution. */
export function fisherQuantile(share: number, above: number, below: number): number {
  return solve(value => betaShare((above * value) / (above * value + below), above / 2, below / 2), share);
}

/** The same of Student's t distribution. */
export function studentQuantile(share: number, degrees: number): number {
  if (share < 0.5) return -studentQuantile(1 - share, degrees);
  return Math.sqrt(share === 0.5 ? 0 : fisherQuantile(2 * share - 1, 1, degrees));
}

/** The same of the standard normal distribution. */
export function normalQuantile(share: number): number {
  if (share < 0.5) return -normalQuantile(1 - share);
  return Math.sqrt(share === 0.5 ? 0 : chiSquaredQuantile(2 * share - 1, 1));
}
