import { checkPaired, type Metric, needing, onlyAnswer, type Target } from './metric.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INVALID_SCORE = -1;

const needs = { oneAnswer: true, numbers: true, lowest: -100, undefinedFor: noCorrelation } as const;

/**
 * Pearson correlation times 100 between the numbers that predictions and targets spell. A prediction that is no
 * finite decimal number counts as −1; where the correlation is not defined (one side is constant) the result is 0.
 * @throws RangeError as every metric, and where a target is no finite decimal number or has several right answers
 */
export const pearson: Metric = needing({ ...needs, description: 'correlation of numbers' }, (predictions, targets) => {
  checkPaired(predictions, targets);
  return correlation(...comparedNumbers(predictions, targets));
});

/**
 * The numbers that are compared: those of the predictions, and those of the targets.
 * @throws RangeError where a target is no finite decimal number or has several right answers
 */
function comparedNumbers(predictions: readonly string[], targets: readonly Target[]): [number[], number[]] {
  return [
    predictions.map(text => spelledNumber(text) ?? INVALID_SCORE),
    targets.map(target => requireNumber(onlyAnswer(target))),
  ];
}

/** Pearson's r times 100; 0 where one side is constant. */
function correlation(x: readonly number[], y: readonly number[]): number {
  // Rounding of the mean would give a constant side a meaningless direction instead of none.
  if (isConstant(x) || isConstant(y)) return 0;
  const dx = deviations(x);
  const dy = deviations(y);
  const r = dot(dx, dy) / (Math.sqrt(dot(dx, dx)) * Math.sqrt(dot(dy, dy)));
  return Number.isFinite(r) ? 100 * Math.max(-1, Math.min(1, r)) : 0;
}

/** Why there is no correlation, where one side is constant. */
function noCorrelation(predictions: readonly string[], targets: readonly Target[]): string | undefined {
  const [x, y] = comparedNumbers(predictions, targets);
  if (isConstant(y)) return 'every example has the same number';
  return isConstant(x) ? 'every answer is the same number, or none' : undefined;
}

/** The finite number that a text spells in decimal notation, undefined where it spells none. */
export function spelledNumber(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function requireNumber(target: string): number {
  const value = spelledNumber(target);
  if (value === undefined) throw new RangeError(`this metric compares numbers, and the target "${target}" is none`);
  return value;
}

function isConstant(values: readonly number[]): boolean {
  return values.every(value => value === values[0]);
}

function deviations(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map(value => value - mean);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/**
 * Spearman's rank correlation times 100: Pearson's of the ranks, equal numbers sharing the mean of theirs. What is no
 * number and what is constant count as with Pearson's.
 * @throws RangeError as `pearson`
 */
export const spearman: Metric = needing(
  { ...needs, description: 'correlation of the ranks of numbers' },
  (predictions, targets) => {
    checkPaired(predictions, targets);
    const [x, y] = comparedNumbers(predictions, targets);
    return correlation(ranks(x), ranks(y));
  },
);

/** Mean of Pearson's and Spearman's correlation, as GLUE ranks systems on STS-B. @throws RangeError as `pearson` */
export const pearsonSpearman: Metric = needing(
  { ...needs, description: 'the mean of both, as on GLUE' },
  (predictions, targets, labels) =>
    (pearson(predictions, targets, labels) + spearman(predictions, targets, labels)) / 2,
);

/** Rank of each number from 1, in ascending order; of equal ones the mean of the ranks they take up. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (const index of order.slice(start, end)) result[index] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}
