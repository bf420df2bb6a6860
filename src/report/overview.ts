import type { RunSummary } from './run-summary.ts';
import type { Table } from './table.ts';
import { count, score } from './units.ts';

/** Mean test score of every method on every task, with the number of runs where it is more than one. */
export function methodsTable(runs: readonly RunSummary[]): Table {
  const scored = runs.filter(run => run.test !== undefined);
  return crossTable('method', scored, run => run.method);
}

/**
 * Test scores of structures on the tasks they were found on (the diagonal) and on others: source × target, the mean over
 * runs with their number.
 */
export function transferTable(runs: readonly RunSummary[]): Table {
  const found = runs.filter(run => run.test !== undefined && run.source !== undefined);
  return crossTable('found on ↓ used on →', found, run => run.source!);
}

function crossTable(corner: string, runs: readonly RunSummary[], rowOf: (run: RunSummary) => string): Table {
  const names = (of: (run: RunSummary) => string) => [...new Set(runs.map(of))].sort();
  const targets = names(run => run.task);
  const cell = (row: string, target: string) => {
    const scores = runs.filter(run => rowOf(run) === row && run.task === target).map(run => run.test!);
    if (scores.length === 0) return '–';
    const mean = score(scores.reduce((sum, value) => sum + value, 0) / scores.length);
    return scores.length === 1 ? mean : `${mean} (${scores.length})`;
  };
  return { header: [corner, ...targets], rows: names(rowOf).map(row => [row, ...targets.map(to => cell(row, to))]) };
}

/** Runs side by side: what was spent and what came of it. */
export function runsTable(runs: readonly RunSummary[]): Table {
  return {
    header: ['run', 'task', 'model', 'method', 'seed', 'parameters', 'modules', 'validation', 'test'],
    rows: runs.map(({ id, task, model, method, seed, parameters, modules, validation, test }) => [
      ...[id, task, model, method, seed === null ? '' : String(seed)],
      ...[parameters, modules].map(value => (value === undefined ? '–' : count(value))),
      ...[validation, test].map(value => (value === undefined ? '–' : score(value))),
    ]),
  };
}
