// Writes docs/paper.md, or keeps what a comparison has found for it:
//
//   node tools/paper/main.ts                                  # writes the page from the sources and the results kept
//   node tools/paper/main.ts keep figure8 runs/paper/figure8-mini 's3delta compare …'   # keeps a folder's compare.json as
//                                                             # the outcome of figure8, and the command that made it
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Comparison } from '../../src/experiments/comparison-job.ts';
import { tablesAndFigures } from './items.ts';
import { currentWeights, type Measured, mapFile, measuredFolder, paperPage } from './page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [action, name, folder, command] = process.argv.slice(2);

if (action === 'keep' && name !== undefined && folder !== undefined && command !== undefined) {
  const { model, rows, runs, sharedBudgets } = JSON.parse(
    readFileSync(join(folder, 'compare.json'), 'utf8'),
  ) as Comparison;
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`;
  // The page asks the runs for the resources of their searches alone; where they lay is nobody's business.
  const searched = runs.filter(run => run.result.resources.search).map(run => ({ ...run, folder: '' }));
  const weights = currentWeights(root);
  const measured: Measured = { machine, command, weights, model, rows, runs: searched, sharedBudgets };
  mkdirSync(join(root, measuredFolder), { recursive: true });
  writeFileSync(join(root, measuredFolder, `${name}.json`), `${JSON.stringify(measured, null, 1)}\n`);
  if (tablesAndFigures.find(({ example }) => example === name)?.maps) keepMaps(name, folder, rows);
} else if (action !== undefined) {
  console.error('usage: node tools/paper/main.ts [keep NAME FOLDER COMMAND]');
  process.exit(2);
}
writeFileSync(join(root, 'docs', 'paper.md'), paperPage(root));

/** Copies the heat map of the mean p of each task. */
function keepMaps(name: string, folder: string, rows: Comparison['rows']): void {
  for (const task of new Set(rows.map(row => row.task))) {
    const drawn = readdirSync(folder).find(file => file.startsWith(`p-mean-${task}-`) && file.endsWith('.svg'));
    if (drawn !== undefined) copyFileSync(join(folder, drawn), join(root, mapFile(name, task)));
  }
}
