import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { heatMap } from '../report/heat-map.ts';
import { reportHtml } from '../report/html-report.ts';
import { curvesPicture } from '../report/pictures/curves-picture.ts';
import { heatMapSvg } from '../report/pictures/heat-map-svg.ts';
import { shownModules } from '../report/structure-modules.ts';
import { readResult } from '../runs/result.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import { standingOf, unfinished } from '../runs/run-outcome.ts';
import { readStructure } from '../structure/structure-file.ts';
import { readRunView } from './read-view.ts';
import type { JobOutcome } from './run-job.ts';

/**
 * Reads what a run has written.
 * @throws InputError where the folder holds no run, or one that has no result yet
 */
export async function readRun(path: string): Promise<JobOutcome> {
  const folder = runFolder(path);
  requireRun(folder);
  const result = await readResult(folder.result);
  if (result === undefined || !isThere(folder.structure)) {
    throw unfinished(folder, standingOf(folder), 'has no result yet');
  }
  return { folder, result, structure: await readStructure(folder.structure) };
}

/** What a report holds beside the page. */
export interface ReportOptions {
  /** Write each picture as PNG, too. */
  readonly png?: boolean;
}

/**
 * Writes `report.html`, `heatmap.svg` and `curves.svg` into the run's folder.
 * @returns paths of the files written
 * @throws InputError where PNGs are asked for on a machine without a font
 */
export async function writeReport(
  { folder, result, structure }: JobOutcome,
  { png = false }: ReportOptions = {},
): Promise<string[]> {
  const view = await readRunView(folder);
  const modules = shownModules(structure);
  const title = `${result.task} on ${result.model}`;
  const pictures = new Map([
    [folder.heatmap, heatMapSvg(heatMap(modules), `${title}: probability p of every candidate`)],
    [folder.curves, curvesPicture(view.metrics, `${title}: loss and validation score`)],
  ]);
  const files = new Map<string, string | Uint8Array>([
    [folder.report, reportHtml({ ...view, result, modules })],
    ...pictures,
    ...(png ? await asPngs(pictures) : []),
  ]);
  for (const [path, content] of files) await writeFileWhole(path, content);
  return [...files.keys()];
}

/** The drawing library is native code, which most runs need not load. */
async function asPngs(pictures: ReadonlyMap<string, string>): Promise<[path: string, png: Uint8Array][]> {
  const { pngOf } = await import('../report/pictures/png.ts');
  return Array.from(pictures, ([path, svg]) => [path.replace(/\.svg$/, '.png'), pngOf(svg)]);
}
