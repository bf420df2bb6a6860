/**
 * Keeps the runs of comparisons for the page: `node bench/encoders/gather.ts FOLDER…`, folders of `s3delta compare`,
 * finished or not. A run that is kept already is replaced.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { readResults } from '../results-file.ts';
import { type ComparedRun, comparedRuns, runKey } from './compared-runs.ts';

const runs = new Map(readResults<ComparedRun>(comparedRuns).map(run => [runKey(run), run]));
for (const folder of process.argv.slice(2)) {
  for (const result of globSync(join(folder, '*', '*', 'seed-*', 'result.json'))) {
    const run = readRun(dirname(result));
    if (run !== undefined) runs.set(runKey(run), run);
  }
}
const ordered = [...runs.values()].sort((a, b) => runKey(a).localeCompare(runKey(b)));
writeFileSync(comparedRuns, ordered.map(run => `${JSON.stringify(run)}\n`).join(''));

/** A run that has its score; one that is still to be trained, or tested, has none. */
function readRun(folder: string): ComparedRun | undefined {
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const { task, seed, score } = JSON.parse(read('result.json'));
  if (score === undefined) return undefined;
  const config = parse(read('config.yaml'));
  const { modules } = JSON.parse(read('structure.json'));
  return {
    ...{ task, seed, validation: score.validation, test: score.test },
    method: basename(dirname(folder)).replace(/-[\d.]+%$/, ''),
    steps: config['max-steps'],
    modules: modules
      .filter((module: { kept: boolean }) => module.kept)
      .map(
        ({ site, kind }: { site: string; kind: string }) => `${site.replace(/^bert\.(encoder\.layer\.)?/, '')}:${kind}`,
      ),
  };
}
