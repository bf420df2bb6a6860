import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfigFile } from '../../src/config/config-file.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { type RunFolder, runFolder } from '../../src/runs/run-folder.ts';
import { readStructure } from '../../src/structure/structure-file.ts';
import { tinyModel, type Workspace } from '../cli/support.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const preload = new URL('./preload.ts', import.meta.url).href;
/** Half of a short process is compiling its sources: done once. */
const compiled = mkdtempSync(join(tmpdir(), 's3delta-compiled-'));

/** Runs that are over within a second or so, with evaluations in each stage, and saves between the stages. */
export function smallRuns({ task }: Workspace): Readonly<Record<'search' | 'train', readonly string[]>> {
  const common = [
    ...['--model', tinyModel, '--task', task, '--seed', '3', '--lr', '0.01', '--max-steps', '4', '--threads', '1'],
    ...['--retrain-eval-every', '2', '--max-validation', '4', '--max-test', '4'],
  ];
  return {
    search: ['search', ...common, '--strategy', 'bilevel', '--budget', '500', '--random-baseline', '--eval-every', '2'],
    train: ['train', ...common, '--method', 'lora'],
  };
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Starts the command line, with a fault of `preload.ts`, or to be killed after some milliseconds. */
export function start(
  args: readonly string[],
  { fault, kill }: { fault?: Readonly<Record<string, string>>; kill?: readonly [NodeJS.Signals, number] } = {},
): Promise<Ended> {
  const hook = fault === undefined ? [] : ['--import', preload];
  const env = { ...process.env, NO_COLOR: '1', NODE_COMPILE_CACHE: compiled, ...fault };
  const child = spawn(process.execPath, [...hook, main, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = kill && setTimeout(() => child.kill(kill[0]), kill[1]);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      resolve({ exitCode, signal, stderr });
    });
  });
}

/** What a run leaves, times apart: equal for equal runs. */
export function outcomeOf(path: string) {
  const folder = runFolder(path);
  const { score, structure, resources, ...rest } = JSON.parse(readFileSync(folder.result, 'utf8')) as RunResult;
  const { search, retrain } = resources;
  return {
    files: readdirSync(path).sort(),
    delta: readFileSync(folder.delta),
    structure: readFileSync(folder.structure, 'utf8'),
    result: { ...rest, score, structure, evaluations: [search?.evaluations, retrain?.evaluations] },
    history: existsSync(folder.history) ? readFileSync(folder.history, 'utf8') : undefined,
    metrics: readFileSync(folder.metrics, 'utf8').replaceAll(/"seconds":[\d.e-]+/g, ''),
  };
}

/** Files are whole or not there, whenever their writer was stopped; metrics.jsonl alone may end in half a line. */
export async function requireWholeFiles(path: string): Promise<void> {
  const folder: RunFolder = runFolder(path);
  if (existsSync(folder.config)) assert.equal(readConfigFile(folder.config).seed, 3);
  if (existsSync(folder.structure)) assert.ok((await readStructure(folder.structure)).modules.length > 0);
  if (existsSync(folder.delta)) assert.ok((await readSafetensors(folder.delta)).tensors.size > 0);
  if (existsSync(folder.result)) assert.equal((JSON.parse(readFileSync(folder.result, 'utf8')) as RunResult).seed, 3);
  if (existsSync(folder.lock)) assert.ok(JSON.parse(readFileSync(folder.lock, 'utf8')));
  for (const name of existsSync(folder.checkpoint) ? readdirSync(folder.checkpoint) : []) {
    if (/^[^.].*\.safetensors$/.test(name))
      assert.ok((await readSafetensors(join(folder.checkpoint, name))).tensors.size > 0);
  }
  readMetrics(folder.metrics);
}

/** Works through a list, two at a time. */
export async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
