import { mean } from '../core/statistics.ts';
import type { RunResult } from '../runs/result.ts';
import { resourcesTable } from './summary.ts';
import type { Table } from './table.ts';

/**
 * Time and memory of search and re-training with their ratios, a line a group of runs: the paper's table 5, means over
 * the seeds. Groups that searched nothing are left out; undefined where no group is left.
 */
export function resourcesOverRuns(
  groups: readonly { name: string; results: readonly RunResult[] }[],
): Table | undefined {
  const tables = groups.flatMap(({ name, results }) => {
    const searched = results.filter(({ resources }) => resources.search && resources.retrain);
    if (searched.length === 0) return [];
    const stage = (key: 'search' | 'retrain') => ({
      seconds: mean(searched.map(({ resources }) => resources[key]!.seconds)),
      peakBytes: mean(searched.map(({ resources }) => resources[key]!.peakBytes)),
      evaluations: mean(searched.map(({ resources }) => resources[key]!.evaluations)),
    });
    const [search, retrain] = [stage('search'), stage('retrain')];
    const ratio = { time: search.seconds / retrain.seconds, memory: search.peakBytes / retrain.peakBytes };
    return [resourcesTable({ ...searched[0]!, task: name, resources: { search, retrain, ratio } })];
  });
  const [first] = tables;
  return first && { header: first.header, rows: tables.flatMap(table => table.rows) };
}
