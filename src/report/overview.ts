import { count, perTenThousand, score } from '../core/format.ts';
import type { RunSummary } from './run-summary.ts';
import type { Table } from './table.ts';

/**
 * Mean test score of every method on every task, with the number of runs where it is more than one. Means are over runs
 * of one model, one budget and one form of the search: where there are several, each has rows of its own.
 */
export function methodsTable(runs: readonly RunSummary[]): Table {
  const scored = runs.filter(run => run.test !== undefined);
  return crossTable('method', scored, run => run.method);
}

/**
 * Test scores of structures on the tasks they were found on (the diagonal) and on others: source × target, the mean
 * over runs with their number, told apart as above.
 */
export function transferTable(runs: readonly RunSummary[]): Table {
  const found = runs.filter(run => run.test !== undefined && run.source !== undefined);
  return crossTable('found on ↓ used on →', found, run => run.source!);
}

function crossTable(corner: string, runs: readonly RunSummary[], nameOf: NameOf): Table {
  const rows = Map.groupBy(runs, rowNames(runs, nameOf));
  const targets = sorted(new Set(runs.map(run => run.task)));
  const cell = (row: readonly RunSummary[], target: string) => {
    const scores = row.filter(run => run.task === target).map(run => run.test!);
    if (scores.length === 0) return '–';
    const mean = score(scores.reduce((sum, value) => sum + value, 0) / scores.length);
    return scores.length === 1 ? mean : `${mean} (${scores.length})`;
  };
  return {
    header: [corner, ...targets],
    rows: sorted(rows.keys()).map(name => [name, ...targets.map(target => cell(rows.get(name)!, target))]),
  };
}

type NameOf = (run: RunSummary) => string;

/** What each run's row is called: its name, and what tells it from others of that name. */
function rowNames(runs: readonly RunSummary[], nameOf: NameOf): NameOf {
  const isOneModel = new Set(runs.map(run => run.model)).size <= 1;
  const keys = [...new Set(runs.flatMap(({ search = {} }) => Object.keys(search)))];
  const parts: NameOf[] = [
    ...keys.map(
      (key): NameOf =>
        ({ search }) =>
          search?.[key] === undefined ? '' : `, ${key} ${search[key]}`,
    ),
    ({ budget }) => (budget === undefined ? '' : ` at ${perTenThousand(budget)}`),
  ];
  const onModel: NameOf = run => (isOneModel ? nameOf(run) : `${nameOf(run)}, ${run.model}`);
  return parts.reduce((name, part) => withPart(runs, name, part), onModel);
}

/** Adds a part to each name that stands for runs with different ones. */
function withPart(runs: readonly RunSummary[], nameOf: NameOf, partOf: NameOf): NameOf {
  const several = new Set<string>();
  for (const [name, group] of Map.groupBy(runs, nameOf)) {
    const parts = new Set(group.map(partOf).filter(part => part !== ''));
    if (parts.size > 1) several.add(name);
  }
  return run => (several.has(nameOf(run)) ? `${nameOf(run)}${partOf(run)}` : nameOf(run));
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
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
