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
