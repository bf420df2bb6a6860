import { searchMoments } from '../report/search-moments.ts';
import { shownModules } from '../report/structure-modules.ts';
import { comparisonVerdicts, type TaskVerdict } from '../report/verdict/comparison-verdict.ts';
import { settlement } from '../report/verdict/settlement.ts';
import { runFolder } from '../runs/run-folder.ts';
import { readHistory } from '../runs/search-history.ts';
import { readStructure } from '../structure/structure-file.ts';
import { type Cell, experimentFile } from './cell.ts';
import type { Comparison, ExperimentDone } from './comparison-job.ts';

/** The verdicts on a comparison's searches. Reads their histories. */
export async function verdictsOn(comparison: Comparison, { cells, out }: ExperimentDone): Promise<TaskVerdict[]> {
  const { rows, runs } = comparison;
  const searched = runs.filter(({ isFound, result }) => isFound && result.resources.search !== undefined);
  const settled = await Promise.all(searched.map(({ folder }) => isSettled(folder)));
  const given = {
    tasks: Object.fromEntries(cells.map(({ task, settings }) => [task, settings.task ?? task])),
    methods: Object.fromEntries(cells.map(cell => [cell.method, methodOf(cell)])),
  };
  return comparisonVerdicts({
    ...{ rows, out, given },
    config: experimentFile(out),
    runs,
    searches: searched.map(({ task, budget }, i) => ({ task, budget, isSettled: settled[i] })),
  });
}

/** What a user writes for a cell's method: a structure of theirs is a file. */
function methodOf({ method, settings, derive }: Cell): string {
  return settings.structure !== undefined && derive === undefined ? settings.structure : method;
}

/** Whether a search stopped moving before it ended; undefined where it does not tell. */
async function isSettled(path: string): Promise<boolean | undefined> {
  const folder = runFolder(path);
  const history = readHistory(folder.history);
  if (history === undefined) return undefined;
  const modules = shownModules(await readStructure(folder.structure));
  return settlement({ moments: searchMoments(history, modules), modules })?.isSettled;
}
