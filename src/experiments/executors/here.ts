import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { key, positiveInteger } from '../../core/checked-values.ts';
import { InterruptedError } from '../../core/errors.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { type Cell, cellName } from '../cell.ts';
import { inChild } from './child-processes.ts';
import { describeError, type Executor, type ExecutorKind, type Runner, type TellState } from './executor.ts';
import { inProcess } from './in-process.ts';

const options = z.strictObject({
  processes: key(
    positiveInteger,
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
