import { type PairedTest, signFlipTest } from '../../core/statistics.ts';
import type { ComparisonRow } from '../comparison.ts';
import { fewestSeeds, isFull, judge, untold } from './verdict.ts';

/** How far below another score still is good enough: points, or a share of that score, 0 to 1. */
export interface Margin {
  readonly value: number;
  readonly of: 'points' | 'share';
}

/** The least score that is within the margin. */
export function lowest(reference: number, { value, of }: Margin): number {
  return reference - (of === 'points' ? value : value * Math.abs(reference));
}

/** Whether the test part bears out what was chosen on validation. */
export interface Bearing {
  /**
   * `held`: the whole interval of the difference is within the margin, or both have the full score; `missed`: a loss,
   * beyond it; `open`: so many seeds do not tell.
   */
  readonly stands: 'held' | 'missed' | 'open' | 'too-few-seeds';
  readonly says: string;
  /** Points between the difference seen and the margin's end, below 0 beyond it, and the differences' deviation. */
  readonly slack: number;
  readonly sd: number;
  readonly pairs: number;
}

/**
 * How a row stands beside another on test, seed by seed.
 * @param rows of the test part, where they are known
 */
export function bearingOf(
  row: ComparisonRow,
  reference: ComparisonRow,
  margin: Margin,
  rows: number | undefined,
): Bearing {
  const allowed = reference.test.mean - lowest(reference.test.mean, margin);
  const test = signFlipTest(
    row.seeds.flatMap((seed, i) => {
      const place = reference.seeds.indexOf(seed);
      return place < 0 ? [] : [row.scores[i]! - reference.scores[place]!];
    }),
  );
  if (test === undefined) {
    return { stands: 'too-few-seeds', says: 'not known: they have no seed alike', slack: 0, sd: 0, pairs: 0 };
  }
  const judgement = untold([row.scores, reference.scores], rows) ?? judge(test, row.scale);
  const known = { slack: test.difference + allowed, sd: test.sd ?? 0, pairs: test.pairs };
  if (isFull([...row.scores, ...reference.scores])) return { ...known, stands: 'held', says: judgement.says };
  if (test.pairs < fewestSeeds) return { ...known, stands: 'too-few-seeds', says: judgement.says };
  const stands = standsOf(test, allowed);
  return { ...known, stands, says: `${judgement.says}; ${wordsOf[stands](allowed.toFixed(1))}` };
}

function standsOf({ difference, interval, p }: PairedTest, allowed: number): 'held' | 'missed' | 'open' {
  if (interval!.low >= -allowed) return 'held';
  return p <= 0.05 && difference < -allowed ? 'missed' : 'open';
}

const wordsOf = {
  held: (points: string) => `within the margin, ${points} points, here too`,
  missed: (points: string) => `beyond the margin, ${points} points`,
  open: (points: string) => `whether that is within the margin, ${points} points, so many seeds do not tell`,
};
