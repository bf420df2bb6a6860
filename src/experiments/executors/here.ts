import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { key, workerCount } from '../../core/checked-values.ts';
import { InterruptedError } from '../../core/errors.ts';
import type { Program } from '../../core/program.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { changedModel, type Model } from '../../models/model.ts';
import { type Cell, cellKind, cellName, runCell } from '../cell.ts';
import type { SharedLoaders } from '../shared-loaders.ts';
import { inChild } from './child-processes.ts';
import { describeError, type Executor, type ExecutorKind, type Runner, type TellState } from './executor.ts';

const options = z.strictObject({
  processes: key(
    workerCount,
    'runs at a time, each in a process of its own; the threads are divided among them (default: one for two cores ' +
      'in a sweep; else all runs share this process)',
    { hint: 'N' },
  ),
});

/** This machine: the runs share this process, or as many child processes as are asked for. */
export const here = {
  name: 'here',
  description: 'this machine',
  options,
  threads: ({ processes }) => processes && Math.max(1, Math.floor(availableParallelism() / processes)),
  async open({ processes }, { loaders, catalogue }) {
    if (processes === undefined) return dealOut([inProcess(loaders, catalogue)], true);
    return dealOut(Array.from({ length: processes }, inChild), false);
  },
} as const satisfies ExecutorKind<typeof options>;

/** Deals cells out to runners as they become free. `own`: it is this process that computes, one run after the other. */
function dealOut(runners: readonly Runner[], own: boolean): Executor {
  async function work(runner: Runner, queue: Cell[], tell: TellState, signal: AbortSignal): Promise<void> {
    for (let cell = queue.shift(); cell !== undefined && !signal.aborted; cell = queue.shift()) {
      const current = cell;
      tell(current, { state: 'running' });
      const started = performance.now();
      try {
        const onEvent = (event: JobEvent) => tell(current, { state: 'running', event });
        const result = await runner.run(current, { onEvent, signal });
        tell(current, { state: 'done', result, ...(own && { seconds: (performance.now() - started) / 1000 }) });
      } catch (error) {
        if (error instanceof InterruptedError) tell(current, { state: 'interrupted', message: error.message });
        else tell(current, { state: 'failed', message: describeError(error) });
      }
    }
  }

  return {
    oneByOne: own,
    rehearse: async cells => cells.map(cell => `would run ${cellName(cell)} in ${cell.folder}`),
    async run(cells, tell, signal) {
      const queue = [...cells];
      await Promise.all(runners.map(runner => work(runner, queue, tell, signal)));
    },
    close: async () => void (await Promise.all(runners.map(runner => runner.close()))),
  };
}

/**
 * Does runs in this process, one after the other, with a model and data that they share. Trainings that differ by their
 * seed alone also share the sessions of a structure. A search shares none: its memory would count in the re-training's.
 */
export function inProcess(loaders: SharedLoaders, catalogue?: Catalogue): Runner {
  let kept: { readonly kind: string; model?: KeepingModel } | undefined;

  async function close(): Promise<void> {
    const last = kept;
    kept = undefined;
    await last?.model?.free();
  }

  function keeping(kind: string): SharedLoaders {
    kept ??= { kind };
    const own = kept;
    return {
      ...loaders,
      model: async (...args) => {
        own.model ??= keepingProgram(await loaders.model(...args));
        return own.model;
      },
    };
  }

  return {
    async run(cell: Cell, context) {
      const kind = cellKind(cell);
      if (kept?.kind !== kind) await close();
      return runCell(cell, { ...context, catalogue, loaders: cell.job === 'train' ? keeping(kind) : loaders });
    },
    close,
  };
}

/** A model whose last program is kept when its user is done with it. */
export interface KeepingModel extends Model {
  /** Frees what is kept. */
  free(): Promise<void>;
}

/**
 * The model, for runs that follow each other: those of one structure start its sessions once. What is kept is freed
 * before another structure is compiled.
 */
export function keepingProgram(model: Model): KeepingModel {
  let idle: { readonly of: Model; readonly key: string; readonly program: Program } | undefined;

  async function free(): Promise<void> {
    const last = idle;
    idle = undefined;
    await last?.program.release();
  }

  // In what is made of the model for a task too: there a run compiles.
  const keeping = changedModel(model, of => ({
    async compile(modules) {
      const key = JSON.stringify(modules.map(({ id, options }) => [id, options]));
      const last = idle?.of === of && idle.key === key ? idle.program : undefined;
      if (last) idle = undefined;
      else await free();
      const program = last ?? (await of.compile(modules));
      const release = async () => {
        await free();
        idle = { of, key, program };
      };
      return { ...program, release };
    },
  }));
  return { ...keeping, free };
}
