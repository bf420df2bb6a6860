import { score } from '../../core/format.ts';
import type { ComparisonRow } from '../comparison.ts';
import { type ComparisonFacts, foremost, nextOf } from './comparison-next.ts';
import {
  besideCommonest,
  costLine,
  intervalOf,
  isWhole,
  type Rival,
  rivalLine,
  rivalsOf,
  settledLine,
  testRowsOf,
} from './row-lines.ts';
import { intervalOfOne, isFull, type Outcome, range, type Verdict, type VerdictLine } from './verdict.ts';

/** A verdict on what was found for a task at a budget. */
export interface TaskVerdict extends Verdict {
  readonly task: string;
  readonly budget: string | null;
}

/** A verdict a task and budget at which a search was compared; none where nothing was searched. */
export function comparisonVerdicts(facts: ComparisonFacts): TaskVerdict[] {
  const first = facts.rows.find(row => row.isFound);
  const found = facts.rows.filter(
    row => row.isFound && row.method === first?.method && row.variant === first.variant && row.parameters > 0,
  );
  return found.map(row => ({ task: row.task, budget: row.budget, ...verdictOf(row, facts) }));
}

function verdictOf(found: ComparisonRow, facts: ComparisonFacts): Verdict {
  const rivals = rivalsOf(found, facts);
  const commonest = besideCommonest(found);
  const lines: VerdictLine[] = [
    { about: 'score', says: `${scoreOf(found, facts)}, ${commonest.says}` },
    ...rivals.map(rivalLine),
    ...costLine(found, facts),
    ...settledLine(found, facts),
  ];
  const isConstant = isFull(found.scores) && isFull([found.majority]);
  const outcome = isWhole(found, facts)
    ? 'nothing-searched'
    : isConstant
      ? 'at-ceiling'
      : commonest.isNoBetter
        ? 'not-above-commonest'
        : outcomeOf(rivals);
  return { outcome, lines, next: nextOf(outcome, { ...facts, found, rivals }) };
}

function scoreOf(row: ComparisonRow, facts: ComparisonFacts): string {
  const { metric, test, seeds, testInterval } = row;
  const reached = `${metric} ${score(test.mean)}`;
  if (seeds.length < 2) return `${reached} of one seed${intervalOfOne(testInterval, testRowsOf(row, facts))}`;
  const interval = intervalOf(row);
  if (interval === undefined) return `${reached} with every one of ${seeds.length} seeds`;
  return `${reached} (95 % interval ${range(interval)}) over ${seeds.length} seeds`;
}

/** What is better than what was found decides, whatever else there is. */
function outcomeOf(rivals: readonly Rival[]): Outcome {
  const isBeaten = rivals.some(({ judgement }) => judgement.outcome === 'loss');
  return isBeaten ? 'loss' : (foremost(rivals)?.judgement.outcome ?? 'no-rival');
}
