import { isThere } from '../files/regular-file.ts';
import { readTextFile } from '../files/structured-text.ts';
import type { HeatMapModule } from '../report/heat-map.ts';
import type { RunView } from '../report/run-view.ts';
import { searchMoments } from '../report/search-moments.ts';
import { shownModules } from '../report/structure-modules.ts';
import { readMetrics } from '../runs/metrics-log.ts';
import { readResult } from '../runs/result.ts';
import { type RunFolder, requireRun } from '../runs/run-folder.ts';
import { keptAt, readHistory, type SearchHistory } from '../runs/search-history.ts';
import { readStructure } from '../structure/structure-file.ts';

/**
 * Reads what a run has written so far.
 * @throws InputError where the folder holds no run, or a file of it is damaged
 */
export async function readRunView(folder: RunFolder): Promise<RunView> {
  requireRun(folder);
  const config = await readTextFile(folder.config);
  const result = await readResult(folder.result);
  const history = readHistory(folder.history);
  const modules = isThere(folder.structure)
    ? shownModules((await readStructure(folder.structure)).modules)
    : modulesSoFar(history);
  const moments = history === undefined ? [] : searchMoments(history, modules);
  return { ...(result && { result }), modules, moments, metrics: readMetrics(folder.metrics), config };
}

/** The structure of a search that goes on, as its last line has it. */
function modulesSoFar(history: SearchHistory | undefined): HeatMapModule[] {
  const last = history?.lines.at(-1);
  if (history === undefined || last === undefined) return [];
  const kept = keptAt(history, last);
  return shownModules(
    history.candidates.map((candidate, index) => ({
      ...candidate,
      ...{ options: {}, worth: last.worth?.[index] ?? null, p: last.p?.[index] ?? null, kept: kept[index]! },
    })),
  );
}
