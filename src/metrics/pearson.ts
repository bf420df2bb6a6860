import { checkPaired, type Metric, needing } from './metric.ts';
import { onlyAnswer } from './target.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INVALID_SCORE = -1;

/**
 * Pearson correlation times 100 between the numbers that predictions and targets spell. A prediction that is no
 * finite decimal number counts as −1; where the correlation is not defined (one side is constant) the result is 0.
 * @throws RangeError as every metric, and where a target is no finite decimal number or has several right answers
 */
export const pearson: Metric = needing({ oneAnswer: true, numbers: true }, (predictions, targets) => {
  checkPaired(predictions, targets);
  const x = predictions.map(text => spelledNumber(text) ?? INVALID_SCORE);
  const y = targets.map(target => requireNumber(onlyAnswer(target)));
  // Rounding of the mean would give a constant side a meaningless direction instead of none.
  if (isConstant(x) || isConstant(y)) return 0;
  const dx = deviations(x);
  const dy = deviations(y);
  const correlation = dot(dx, dy) / (Math.sqrt(dot(dx, dx)) * Math.sqrt(dot(dy, dy)));
  return Number.isFinite(correlation) ? 100 * Math.max(-1, Math.min(1, correlation)) : 0;
});

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
