import { join } from 'node:path';
import { score } from '../core/format.ts';
import { cellName } from '../experiments/cell.ts';
import {
  comparisonNotes,
  resourcesOf,
  rowsByTask,
  searchedStructures,
  severalTasks,
  verdictTitle,
} from '../experiments/comparison-files.ts';
import type { Comparison } from '../experiments/comparison-job.ts';
import { probabilityMaps } from '../experiments/found-structures.ts';
import type { ExperimentEvent, ExperimentProgress } from '../experiments/run-cells.ts';
import {
  componentsTable,
  type SpreadOutcome,
  spreadNote,
  spreadTitle,
  structuresTable,
} from '../experiments/spread-files.ts';
import type { JobContext, JobEvent } from '../jobs/job-events.ts';
import { comparisonTable, scoreMatrix } from '../report/comparison-tables.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapLines } from '../report/heat-map-terminal.ts';
import { tableLines } from '../report/table.ts';
import { verdictText } from '../report/verdict/verdict.ts';
import type { Output, Terminal } from './command.ts';

/** What a comparison prints at its end. */
export async function comparisonOutput(
  out: string,
  comparison: Comparison,
  { columns, ...terminal }: Terminal,
): Promise<Output> {
  const { failed } = comparison;
  const resources = resourcesOf(comparison);
  const maps = (await searchedStructures(comparison)).flatMap(({ name, structures }) => {
    const { mean, keptBy: kept } = probabilityMaps(structures);
    return [
      `${name}: mean of p over ${structures.length} seed${structures.length === 1 ? '' : 's'}`,
      ...[...heatMapLines(heatMap(mean), { ...terminal, quantity: 'mean p', kept }), ''],
    ];
  });
  const lines = [
    ...maps,
    ...rowsByTask(comparison).flatMap(([task, rows]) => [
      `${task} on ${comparison.model}`,
      ...tableLines(comparisonTable(rows), columns),
      '',
    ]),
    ...(severalTasks(comparison) ? [...tableLines(scoreMatrix(comparison.rows), columns), ''] : []),
    ...(resources === undefined ? [] : [...tableLines(resources, columns), '']),
    ...comparisonNotes(comparison),
    ...failed.flatMap(({ run, folder, message }) => ['', `failed: ${run} (${folder})`, message]),
    ...['', `${join(out, 'compare.md')}, tables and pictures beside it`],
    ...(comparison.verdicts ?? []).flatMap(verdict => ['', ...verdictText(verdict, verdictTitle(verdict))]),
  ];
  return { document: { ...comparison, folder: out }, lines, ...(failed.length > 0 && { exitCode: 1 as const }) };
}

/**
 * Shows a comparison's events by those of a job: what a run tells is passed on, or left out where several run at once.
 */
export function showExperiment(onEvent: JobContext['onEvent']): (event: ExperimentEvent) => void {
  const started = performance.now();
  let before = 0;
  // Runs on the same data would say the same of them each time.
  const warned = new Set<string>();
  const isNew = (event: JobEvent) =>
    event.type !== 'warning' || (!warned.has(event.text) && warned.add(event.text) !== undefined);
  let withRuns = false;
  return event => {
    switch (event.type) {
      case 'message':
        onEvent?.(event);
        break;
      case 'experiment-begins':
        before = event.progress.done;
        withRuns = event.oneByOne;
        onEvent?.({ type: 'message', text: `${event.progress.total} runs, ${before} of them done before` });
        break;
      case 'run-begins':
        if (withRuns) onEvent?.({ type: 'message', text: `${cellName(event.cell)} begins` });
        break;
      case 'run':
        if (withRuns && isNew(event.event)) onEvent?.(event.event);
        break;
      case 'run-done': {
        const { score: scores } = event.result;
        const says = scores === undefined ? 'done' : `test ${scores.metric} ${score(scores.test)}`;
        const minutes = (performance.now() - started) / 60_000;
        onEvent?.({
          type: 'message',
          text: `${state(event.progress, before, minutes)} ${cellName(event.cell)}: ${says}`,
        });
        break;
      }
      case 'run-failed': {
        const [first] = event.message.split('\n');
        onEvent?.({
          type: 'warning',
          text: `${state(event.progress, before, 0)} ${cellName(event.cell)} failed: ${first}`,
        });
      }
    }
  };
}

/** `[12/40, 1 failed, about 8 min left]` */
function state({ total, done, failed }: ExperimentProgress, before: number, minutes: number): string {
  const own = done - before;
  const left = minutes > 0 && own > 0 ? Math.ceil(((total - done - failed) * minutes) / own) : 0;
  const parts = [`${done}/${total}`, failed > 0 ? `${failed} failed` : '', left > 0 ? `about ${left} min left` : ''];
  return `[${parts.filter(Boolean).join(', ')}]`;
}

/** What a spread prints at its end. */
export function spreadOutput(out: string, outcome: SpreadOutcome): Output {
  const { model, spreads, failed } = outcome;
  const lines = [
    ...spreads.flatMap(spread => [
      `${spreadTitle(spread)} on ${model}`,
      ...[...tableLines(structuresTable(spread)), '', ...tableLines(componentsTable(spread)), ''],
    ]),
    spreadNote,
    ...failed.flatMap(({ run, folder, message }) => ['', `failed: ${run} (${folder})`, message]),
    ...['', `${join(out, 'spread.md')}, pictures beside it`],
    ...spreads.flatMap(spread => ['', ...verdictText(spread.verdict, `Verdict on ${spreadTitle(spread)}`)]),
  ];
  return { document: { ...outcome, folder: out }, lines, ...(failed.length > 0 && { exitCode: 1 as const }) };
}
