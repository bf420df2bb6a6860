import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError } from '../../../src/core/errors.ts';
import type { Cell } from '../../../src/experiments/cell.ts';
import type { Runner } from '../../../src/experiments/executors/executor.ts';
import { packCell } from '../../../src/experiments/queue/packed-cell.ts';
import type { SubmittedCell } from '../../../src/experiments/queue/submit-cells.ts';
import { makeFolder } from '../../../src/files/folders.ts';
import { writeFileWhole } from '../../../src/files/write-whole.ts';
import { type RunResult, readResult, writeResult } from '../../../src/runs/result.ts';
import { runFolder } from '../../../src/runs/run-folder.ts';
import { tinyModel } from '../../cli/support.ts';

/** A cell that is real but for what it computes. */
export function simulatedCell(seed: number, task: string, out: string): Cell {
  return {
    ...{ task: 'films', method: 'lora', label: 'lora', variant: '', budget: null, seed, isFound: false, job: 'train' },
    folder: join(out, 'films', 'lora', `seed-${seed}`),
    settings: { model: tinyModel, task, method: 'lora', seed },
  };
}

export async function simulatedSubmission(seed: number, task: string): Promise<SubmittedCell> {
  const packed = await packCell(simulatedCell(seed, task, 'out'), `films lora seed ${seed}`);
  return { ...packed, about: { cell: String(seed), folder: `films/lora/seed-${seed}` } };
}

export interface Simulation {
  readonly steps: number;
  readonly stepMilliseconds: number;
  /** Seeds whose cells always fail. */
  readonly failing?: readonly number[];
  /** A line for each beginning: seed, step begun at, process. */
  readonly log?: string;
}

/**
 * A chain of hashes, a step each, whose state is saved after each step: the end does not depend on how often it was
 * stopped, and is wrong where a step was lost or done twice.
 */
export function simulatedRunner({ steps, stepMilliseconds, failing = [], log }: Simulation): Runner {
  async function run({ folder, settings }: Cell, signal: AbortSignal | undefined): Promise<RunResult> {
    const seed = settings.seed!;
    const files = runFolder(folder);
    const done = await readResult(files.result);
    if (done !== undefined) return done;
    const state = join(files.checkpoint, 'chain.json');
    await makeFolder(files.checkpoint);
    const known = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : { step: 0, value: String(seed) };
    let { step, value } = known as { step: number; value: string };
    if (log) appendFileSync(log, `${seed} ${step} ${process.pid}\n`);
    if (step === 0) await writeFileWhole(files.config, `# schema\nseed: ${seed}\n`);
    if (failing.includes(seed)) throw new Error('it fails by design');
    for (; step < steps; step++) {
      if (signal?.aborted) throw new InterruptedError();
      await delay(stepMilliseconds);
      value = createHash('sha256').update(`${value} ${step}`).digest('hex');
      await writeFileWhole(
        files.metrics,
        `${existsSync(files.metrics) ? readFileSync(files.metrics) : ''}`
          .split('\n')
          .slice(0, step)
          .concat(JSON.stringify({ step, value }), '')
          .join('\n'),
      );
      await writeFileWhole(state, JSON.stringify({ step: step + 1, value }));
    }
    await writeFileWhole(files.structure, structureOf(value));
    await writeFileWhole(files.delta, Buffer.alloc(2_500_000, value));
    const result: RunResult = {
      ...{ task: 'films', model: 'tiny-t5', seed, budget: { parameters: 1, fraction: 1 } },
      structure: { modules: 0, parameters: 1 },
      score: { metric: 'accuracy', validation: Number.parseInt(value.slice(0, 6), 16), test: 1, majority: 1 },
      resources: {},
    };
    await writeResult(files.result, result);
    await rm(files.checkpoint, { recursive: true });
    return result;
  }
  return { run: (cell, { signal }) => run(cell, signal), close: async () => {} };
}

function structureOf(value: string): string {
  const model = { name: 'tiny-t5', fingerprint: value, parameters: 1 };
  return JSON.stringify({ format: 's3delta-structure', version: 2, model, space: 'lora', budget: null, modules: [] });
}
