import { checkPaired, type Metric } from './metric.ts';
import { onlyAnswer } from './target.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INVALID_SCORE = -1;

/**
 * Pearson correlation times 100 between the numbers that predictions and targets spell. A prediction that is no
 * finite decimal number counts as −1; where the correlation is not defined (one side is constant) the result is 0.
 */
export const pearson: Metric = (predictions, targets) => {
  checkPaired(predictions, targets);
  const x = predictions.map(parseScore);
  const y = targets.map(target => parseScore(onlyAnswer(target)));
  // Rounding of the mean would give a constant side a meaningless direction instead of none.
  if (isConstant(x) || isConstant(y)) return 0;
  const dx = deviations(x);
  const dy = deviations(y);
  const correlation = dot(dx, dy) / (Math.sqrt(dot(dx, dx)) * Math.sqrt(dot(dy, dy)));
  return Number.isFinite(correlation) ? 100 * Math.max(-1, Math.min(1, correlation)) : 0;
};

function parseScore(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : INVALID_SCORE;
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
