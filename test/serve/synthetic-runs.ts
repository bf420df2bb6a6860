import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillUniform } from '../../src/core/random.ts';
import { deltaNamed } from '../../src/deltas/kinds.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { layerLabels, roleLabel } from '../../src/report/labels.ts';
import type { MetricsLine } from '../../src/runs/metrics-log.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { type RunFolder, runFolder } from '../../src/runs/run-folder.ts';
import type { RunLock } from '../../src/runs/run-lock.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { tiny } from '../library/films.ts';

/** Run folders as a search writes them, made without searching, for what only reads them. */
const candidates = listSpace(tiny.sites, 'mixed');
const budget = 500;
const steps = 100;
const moments = 10;

export interface SyntheticRun {
  readonly task?: string;
  readonly seed?: number;
  /** Steps of the search that are done; all of them: the run is finished. */
  readonly done?: number;
  readonly source?: string;
  readonly method?: string;
}

export function runsRoot(): string {
  return mkdtempSync(join(tmpdir(), 's3delta-serve-'));
}

/** The probabilities after a step: from all alike to those of the seed. */
function probabilities(seed: number, step: number): number[] {
  const last = fillUniform(new Float64Array(candidates.length), seed, 'test/p', 0);
  return Array.from(last, value => Number((0.1 + (value ** 4 - 0.1) * (step / steps)).toPrecision(4)));
}

function lines(values: readonly unknown[]): string {
  return values.map(value => `${JSON.stringify(value)}\n`).join('');
}

function metrics(stage: MetricsLine['stage'], upTo: number): MetricsLine[] {
  return Array.from({ length: moments }, (_, index) => ((index + 1) * steps) / moments)
    .filter(step => step <= upTo)
    .map(step => {
      const common = { stage, step, steps, learningRate: 1e-3, seconds: step / 10 };
      return { ...common, loss: 2 * Math.exp(-step / 40), score: 50 + step / 3, best: 50 + step / 3 };
    });
}

export function writeRun(root: string, id: string, options: SyntheticRun = {}): RunFolder {
  const { task = 'films', seed = 0, done = steps, source, method } = options;
  const folder = runFolder(join(root, id));
  mkdirSync(folder.path, { recursive: true });
  const given = method === undefined ? '' : `method: ${method}\n`;
  writeFileSync(folder.config, `model: tiny-t5\ntask: ${JSON.stringify(task)}\nseed: ${seed}\nbudget: "500"\n${given}`);
  writeMoments(folder, seed, done);
  if (done < steps) {
    mkdirSync(folder.checkpoint, { recursive: true });
    writeLock(folder, {});
    return folder;
  }
  finish(folder, { task, seed, ...(source !== undefined && { source }) });
  return folder;
}

/** Names a process that works on the run: this one, in all that is not given. */
export function writeLock(folder: RunFolder, holder: Partial<RunLock>): void {
  const own = { id: 'synthetic', ...thisProcess(), since: new Date().toISOString() };
  writeFileSync(folder.lock, JSON.stringify({ ...own, ...holder }));
}

/** The search's log and history up to a step. */
export function writeMoments(folder: RunFolder, seed: number, done: number): void {
  const opening = {
    ...{ version: 2, budget, keepInert: false },
    candidates: candidates.map(({ site, kind, parameters, inert }) => {
      return { site: site.name, kind, role: site.role, place: site.place, parameters, inert };
    }),
  };
  const searched = metrics('search', done);
  writeFileSync(
    folder.history,
    lines([opening, ...searched.map(({ step }) => ({ step, p: probabilities(seed, step) }))]),
  );
  writeFileSync(folder.metrics, lines([...searched, ...(done < steps ? [] : metrics('retrain', steps))]));
}

function finish(folder: RunFolder, { task, seed, source }: { task: string; seed: number; source?: string }): void {
  const p = probabilities(seed, steps);
  const worth = p.map(value => Math.log(value / (1 - value)));
  const kept = chooseStructure(worth, candidates, { budget, keepInert: false });
  const structure = createStructure(tiny, { space: 'mixed', budget }, candidates, { worth, probabilities: p, kept });
  writeFileSync(folder.structure, JSON.stringify(structure));
  const modules = structure.modules.filter(module => module.kept);
  const result: RunResult = {
    ...{ task, model: 'tiny-t5', seed, budget: { parameters: budget, fraction: 0.0107 } },
    structure: {
      modules: modules.length,
      parameters: modules.reduce((sum, module) => sum + module.parameters, 0),
      ...(source !== undefined && { source: { tasks: [source], files: ['structure.json'] } }),
    },
    score: { metric: 'accuracy', validation: 80 + (seed % 10), test: 75 + (seed % 20), majority: 50, random: 60 },
    resources: {
      search: { seconds: 30, peakBytes: 3e8, evaluations: 500 },
      retrain: { seconds: 10, peakBytes: 2.8e8, evaluations: 100 },
      ratio: { time: 3, memory: 1.07 },
    },
  };
  writeFileSync(folder.result, JSON.stringify(result));
}

const tasks = ['cola', 'mrpc', 'rte', 'sst2', 'spam'];
const methods = [undefined, 'lora', 'bitfit', 'random'];

/** Many finished runs in folders of folders, some found on another task, each a minute older than the one before. */
export function writeManyRuns(root: string, count: number): void {
  for (let seed = 0; seed < count; seed++) {
    const task = tasks[seed % tasks.length]!;
    const method = methods[Math.floor(seed / tasks.length) % methods.length];
    const id = `${task}/${method ?? 'search'}-seed${seed}`;
    const source = seed % 7 === 0 ? tasks[(seed + 1) % tasks.length]! : undefined;
    const folder = writeRun(root, id, { task, seed, ...(source && { source }), ...(method && { method }) });
    const time = Date.now() / 1000 - 600 - 60 * seed;
    for (const file of [folder.config, folder.history, folder.metrics, folder.structure, folder.result]) {
      utimesSync(file, time, time);
    }
  }
}

/** What a module is called on the page. */
const layerOf = layerLabels(candidates.map(({ site }) => site.place));
export const labels = candidates.map(
  ({ site, kind }) => `${roleLabel(site)} ${deltaNamed(kind).label}, ${layerOf(site.place)}`,
);
