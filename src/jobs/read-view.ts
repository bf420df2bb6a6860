import { readYamlKeys } from '../config/config-file.ts';
import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/text-files.ts';
import type { HeatMapModule } from '../report/heat-map.ts';
import type { RunView } from '../report/run-view.ts';
import { searchMoments } from '../report/search-moments.ts';
import { shownModules } from '../report/structure-modules.ts';
import { runVerdict } from '../report/verdict/run-verdict.ts';
import { sampleMetrics } from '../runs/metrics-log.ts';
import { readResult } from '../runs/result.ts';
import { type RunFolder, requireRun } from '../runs/run-folder.ts';
import { keptAt, type SearchHistory, sampleHistory } from '../runs/search-history.ts';
import { readStructure } from '../structure/structure-file.ts';

/** More of a long run cannot be told apart in a curve, or by a slider. */
const MOST_VALIDATIONS = 2000;
const MOST_MOMENTS = 200;

/**
 * Reads what a run has written so far.
 * @throws InputError where the folder holds no run, or a file of it is damaged
 */
export async function readRunView(folder: RunFolder): Promise<RunView> {
  requireRun(folder);
  const config = await readTextFile(folder.config);
  const result = await readResult(folder.result);
  const history = await sampleHistory(folder.history, MOST_MOMENTS);
  const modules = isThere(folder.structure)
    ? shownModules(await readStructure(folder.structure))
    : modulesSoFar(history);
  const moments = history === undefined ? [] : searchMoments(history, modules);
  const metrics = await sampleMetrics(folder.metrics, MOST_VALIDATIONS);
  const settings = (readYamlKeys(folder.config) ?? {}) as Readonly<Record<string, unknown>>;
  // A job whose training is still to end is not judged: what it goes on with, its outcome says.
  const isOver = result?.score !== undefined || settings.retrain === false;
  const verdict = result && isOver && runVerdict({ result, modules, moments, metrics, folder: folder.path, settings });
  return { ...(result && { result }), modules, moments, metrics, config, ...(verdict && { verdict }) };
}

/** The structure of a search that goes on, as its last line has it. */
function modulesSoFar(history: SearchHistory | undefined): HeatMapModule[] {
  const last = history?.lines.at(-1);
  if (history === undefined || last === undefined) return [];
  const kept = keptAt(history, last);
  const modules = history.candidates.map((candidate, index) => ({
    ...candidate,
    ...{ options: {}, worth: last.worth?.[index] ?? null, p: last.p?.[index] ?? null, kept: kept[index]! },
  }));
  return shownModules({ modules, ...(history.labels && { labels: history.labels }) });
}
