import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillUniform } from '../../src/core/random.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { deltaNamed } from '../../src/deltas/kinds.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { layerLabels, roleLabel } from '../../src/report/labels.ts';
import type { MetricsLine } from '../../src/runs/metrics-log.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { type RunFolder, runFolder } from '../../src/runs/run-folder.ts';
import type { RunLock } from '../../src/runs/run-lock.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { tiny } from '../library/films.ts';
import { largeSites } from '../structure/t5-large.ts';

/** Run folders as a search writes them, made without searching, for what only reads them. */
const candidates = listSpace(tiny.sites, 'mixed');
const smallBudget = 500;
const steps = 100;
const moments = 10;

/** What a tiny model's search chooses from. */
export const tinyCandidates: Candidates = { modules: candidates, budget: smallBudget };

export interface SyntheticRun {
  readonly task?: string;
  readonly seed?: number;
  /** Steps of the search that are done; all of them: the run is finished. */
  readonly done?: number;
  readonly source?: string;
  readonly method?: string;
  /** Of each stack; those of a tiny model without it. With it there may be too many candidates to write a thousand. */
  readonly layers?: number;
  /** A method by hand keeps LoRA modules, without a search. */
  readonly byHand?: boolean;
  /** A search that has no probabilities tells what candidates are worth, and validates nothing on its way. */
  readonly worthOnly?: boolean;
}

interface Candidates {
  readonly modules: readonly DeltaModule[];
  readonly budget: number;
}

function candidatesOf({ layers, byHand = false }: SyntheticRun): Candidates {
  const sites = layers === undefined ? tiny.sites : largeSites.filter(({ place }) => place.layer < layers);
  if (byHand) return { modules: listManualModules(sites, 'lora'), budget: 1e9 };
  if (layers === undefined) return { modules: candidates, budget: smallBudget };
  return { modules: listSpace(sites, 'mixed'), budget: 9000 * layers };
}

export function runsRoot(): string {
  return mkdtempSync(join(tmpdir(), 's3delta-serve-'));
}

const worthOf = (p: number): number => Math.log(p / (1 - p));

/** The probabilities after a step: from all alike to those of the seed. */
function probabilities(seed: number, step: number, count: number): number[] {
  const last = fillUniform(new Float64Array(count), seed, 'test/p', 0);
  return Array.from(last, value => Number((0.1 + (value ** 4 - 0.1) * (step / steps)).toPrecision(4)));
}

function lines(values: readonly unknown[]): string {
  return values.map(value => `${JSON.stringify(value)}\n`).join('');
}

function metrics(stage: MetricsLine['stage'], upTo: number, isValidated = true): MetricsLine[] {
  return Array.from({ length: moments }, (_, index) => ((index + 1) * steps) / moments)
    .filter(step => step <= upTo)
    .map(step => {
      const common = { stage, step, steps, learningRate: 1e-3, seconds: step / 10 };
      const scores = { score: 50 + step / 3, best: 50 + step / 3 };
      return { ...common, loss: 2 * Math.exp(-step / 40), ...(isValidated && scores) };
    });
}

export function writeRun(root: string, id: string, options: SyntheticRun = {}): RunFolder {
  const { task = 'films', seed = 0, done = steps, method } = options;
  const folder = runFolder(join(root, id));
  mkdirSync(folder.path, { recursive: true });
  const how = method === undefined ? '' : `method: ${method}\n`;
  writeFileSync(folder.config, `model: tiny-t5\ntask: ${JSON.stringify(task)}\nseed: ${seed}\nbudget: "500"\n${how}`);
  const given = candidatesOf(options);
  writeMoments(folder, seed, done, options.byHand ? undefined : given, options);
  if (done < steps) {
    mkdirSync(folder.checkpoint, { recursive: true });
    writeLock(folder, {});
    return folder;
  }
  finish(folder, given, options);
  return folder;
}

/** Names a process that works on the run: this one, in all that is not given. */
export function writeLock(folder: RunFolder, holder: Partial<RunLock>): void {
  const own = { id: 'synthetic', ...thisProcess(), since: new Date().toISOString() };
  writeFileSync(folder.lock, JSON.stringify({ ...own, ...holder }));
}

/** The log up to a step, and the history of the search, if there is one. */
export function writeMoments(
  folder: RunFolder,
  seed: number,
  done: number,
  given?: Candidates,
  { worthOnly = false }: Pick<SyntheticRun, 'worthOnly'> = {},
): void {
  if (given === undefined) {
    writeFileSync(folder.metrics, lines(metrics('retrain', done)));
    return;
  }
  const opening = {
    ...{ version: 2, budget: given.budget, keepInert: false },
    candidates: given.modules.map(({ site, kind, parameters, inert }) => {
      return { site: site.name, kind, role: site.role, place: site.place, parameters, inert };
    }),
  };
  const searched = metrics('search', done, !worthOnly);
  const history = searched.map(({ step }) => {
    const p = probabilities(seed, step, given.modules.length);
    return worthOnly ? { step, worth: p.map(worthOf) } : { step, p };
  });
  writeFileSync(folder.history, lines([opening, ...history]));
  writeFileSync(folder.metrics, lines([...searched, ...(done < steps ? [] : metrics('retrain', steps))]));
}

function finish(folder: RunFolder, { modules: candidates, budget }: Candidates, options: SyntheticRun): void {
  const { task = 'films', seed = 0, source, byHand = false, worthOnly = false } = options;
  const p = probabilities(seed, steps, candidates.length);
  const worth = p.map(worthOf);
  const choice = byHand
    ? { kept: candidates.map(() => true) }
    : {
        worth,
        ...(!worthOnly && { probabilities: p }),
        kept: chooseStructure(worth, candidates, { budget, keepInert: false }),
      };
  const structure = createStructure(tiny, { space: 'mixed', budget }, candidates, choice);
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
      ...(!byHand && { search: { seconds: 30, peakBytes: 3e8, evaluations: 500 } }),
      retrain: { seconds: 10, peakBytes: 2.8e8, evaluations: 100 },
      ...(!byHand && { ratio: { time: 3, memory: 1.07 } }),
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
