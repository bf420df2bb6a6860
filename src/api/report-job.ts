import { existsSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';
import { heatMap } from '../report/heat-map.ts';
import { heatMapSvg } from '../report/heat-map-svg.ts';
import { reportHtml } from '../report/html.ts';
import { shownModules } from '../report/structure-modules.ts';
import { readResult } from '../runs/result.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import { readStructure } from '../structure/structure-file.ts';
import type { JobOutcome } from './job.ts';
import { readRunView } from './read-view.ts';

/**
 * Reads what a run has written.
 * @throws InputError where the folder holds no run, or one that has no result yet
 */
export async function readRun(path: string): Promise<JobOutcome> {
  const folder = runFolder(path);
  requireRun(folder);
  const result = await readResult(folder.result);
  if (result === undefined || !existsSync(folder.structure)) {
    throw new InputError('this run has no result yet', {
      where: folder.path,
      remedy: `let it go on first: s3delta search --resume --out ${folder.path}`,
    });
  }
  return { folder, result, structure: await readStructure(folder.structure) };
}

/** Writes `report.html` and `heatmap.svg` into the run's folder. */
export async function writeReport({ folder, result, structure }: JobOutcome): Promise<void> {
  const view = await readRunView(folder);
  const modules = shownModules(structure.modules);
  const title = `${result.task} on ${result.model}: probability p of every candidate`;
  await writeFileWhole(folder.heatmap, heatMapSvg(heatMap(modules), title));
  await writeFileWhole(folder.report, reportHtml({ ...view, result, modules }));
}
