import { type ComparisonRow, compareRuns } from '../../src/report/comparison.ts';

/** What comparisons of one task come to, made of test scores, one a seed. */
export function comparedRuns(scores: Readonly<Record<string, readonly number[]>>, task = 'rte'): ComparisonRow[] {
  const stage = { seconds: 10, peakBytes: 2e9, evaluations: 100 };
  const runs = Object.entries(scores).flatMap(([method, values]) =>
    values.map((test, seed) => ({
      ...{ task, method, label: method, variant: '', budget: '1%', seed, isFound: method === 'found' },
      result: {
        ...{ task, model: 'mini', seed, budget: { parameters: 200, fraction: 0.01 } },
        structure: { modules: 3, parameters: 100 },
        score: { metric: 'accuracy', validation: test + 1, test, majority: 50 },
        resources: { ...(method === 'found' && { search: stage }), retrain: stage },
      },
    })),
  );
  return compareRuns(runs);
}

/** The text of `compare.json`. */
export function comparisonFileOf(model: string, rows: readonly ComparisonRow[]): string {
  return JSON.stringify({ model, rows, sharedBudgets: {}, runs: [], failed: [] });
}
