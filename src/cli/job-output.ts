import { existsSync } from 'node:fs';
import { InterruptedError, StorageError } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import { readRunView } from '../jobs/report-job.ts';
import type { JobOutcome } from '../jobs/run-job.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapLines } from '../report/heat-map-terminal.ts';
import { shownModules } from '../report/run-view.ts';
import { budgetSentence, dataSentences, keptTable, resourcesTable, scoreTable } from '../report/summary.ts';
import { tableLines } from '../report/table.ts';
import { verdictText } from '../report/verdict/verdict.ts';
import { runFolder } from '../runs/run-folder.ts';
import type { Output, Terminal } from './command.ts';

/**
 * What a whole job prints: its budget, the heat map, the scores, table 5's form, where all of it lies, and what it came
 * to.
 */
export async function outcomeOutput(outcome: JobOutcome, options: Terminal): Promise<Output> {
  const { folder, result, structure } = outcome;
  const modules = shownModules(structure);
  const scores = scoreTable(result);
  const { verdict } = await readRunView(folder);
  const lines = [
    ...['', `${result.task} on ${result.model}, seed ${result.seed}: ${budgetSentence(result)}`, ''],
    ...heatMapLines(heatMap(modules), options),
    ...['', ...tableLines(keptTable(modules), options.columns), ''],
    ...(scores === undefined ? [] : [...tableLines(scores, options.columns), '']),
    ...paragraph(dataSentences(result)),
    ...[...tableLines(resourcesTable(result), options.columns), ''],
    `run folder: ${folder.path}`,
    ...(verdict === undefined ? [] : ['', ...verdictText(verdict)]),
  ];
  return { document: { ...result, folder: folder.path, verdict }, lines };
}

/** A run's tables alone, for a terminal. */
export function outcomeTables({ result, structure }: JobOutcome, { columns }: Terminal): string[] {
  const tables = [scoreTable(result), keptTable(shownModules(structure)), resourcesTable(result)];
  return [
    ...tables.filter(table => table !== undefined).flatMap(table => [...tableLines(table, columns), '']),
    ...paragraph(dataSentences(result)),
  ];
}

/** Lines that belong together, and an empty one after them where there are any. */
function paragraph(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

/** What commands that write run folders do when they are asked to stop. */
export const savingState = 'stopping after this step, to save the state';

/**
 * Runs a job that writes a run folder; an interruption, and a full disk, then tells how to go on with what is there.
 */
export async function withResumeHint<T>(command: 'search' | 'train', out: string, job: Promise<T>): Promise<T> {
  try {
    return await job;
  } catch (error) {
    if (!existsSync(runFolder(out).config)) throw error;
    const goOn = `go on with: s3delta ${command} --resume --out ${shellWord(out)}`;
    if (error instanceof InterruptedError) throw new InterruptedError(`${error.message}\n→ ${goOn}`);
    if (error instanceof StorageError) throw withRemedy(error, `${error.remedy}, then ${goOn}`);
    throw error;
  }
}

function withRemedy(error: StorageError, remedy: string): StorageError {
  const { what, where, code, cause } = error;
  return new StorageError(what, { where, code, cause, remedy });
}

/** Runs a job that goes on where it stopped when it is called again; an interruption then tells so. */
export async function withRepeatHint<T>(job: Promise<T>): Promise<T> {
  try {
    return await job;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(`${error.message}\n→ the same command goes on: what is done is not done again`);
  }
}
