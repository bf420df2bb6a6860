import { fillUniform } from '../core/random.ts';
import type { Target } from './target.ts';

/** Where a score would lie 95 times of 100, were the rows drawn again. */
export interface ScoreInterval {
  readonly low: number;
  readonly high: number;
}

/** So many resamples, and fewer where rows are many: the end of an evaluation takes no more than a few seconds. */
const mostResamples = 1000;
const fewestResamples = 200;
const mostRows = 1e6;

/**
 * The 95 % percentile interval of a score over resamples of its rows (Efron's bootstrap), whatever the metric. Examples
 * that are judged together are drawn together. It tells of the rows that happened to be tested, not of what another
 * training would score. The same rows give the same interval.
 * @returns undefined of fewer than two rows, and where resamples have no score
 */
export function bootstrapInterval(
  score: (answers: readonly string[], targets: readonly Target[]) => number,
  answers: readonly string[],
  targets: readonly Target[],
): ScoreInterval | undefined {
  const groups = [
    ...Map.groupBy(
      targets.map((_, row) => row),
      row => groupOf(targets[row]!) ?? row,
    ).values(),
  ];
  if (groups.length < 2) return undefined;
  const resamples = Math.max(fewestResamples, Math.min(mostResamples, Math.floor(mostRows / targets.length)));
  const scores: number[] = [];
  const draws = new Float32Array(groups.length);
  for (let resample = 0; resample < resamples; resample++) {
    fillUniform(draws, 0, 'statistics/bootstrap', resample);
    const rows = Array.from(draws, draw => groups[Math.min(groups.length - 1, Math.floor(draw * groups.length))]!);
    const drawn = rows.flat();
    const value = score(
      drawn.map(row => answers[row]!),
      drawn.map(row => targets[row]!),
    );
    if (!Number.isNaN(value)) scores.push(value);
  }
  if (scores.length < resamples / 2) return undefined;
  scores.sort((a, b) => a - b);
  const at = (share: number) => scores[Math.round(share * (scores.length - 1))]!;
  return { low: at(0.025), high: at(0.975) };
}

const groupOf = (target: Target) => (typeof target === 'string' ? undefined : target.group);
