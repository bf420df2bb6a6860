import { InterruptedError, StopRequest, StorageError } from '../../core/errors.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import type { Cell } from '../cell.ts';
import { sharedLoaders } from '../shared-loaders.ts';
import type { Channel, ToWorker } from './child-processes.ts';
import { describeError } from './executor.ts';
import { inProcess } from './here.ts';

// The program of a child process of `child-processes.ts`: it does runs until its parent closes the channel.
serveCells({
  send: message => {
    if (process.connected) process.send!(message);
  },
  onMessage: listener => process.addListener('message', message => listener(message as ToWorker)),
  onClose: listener => process.addListener('disconnect', listener),
});

/** Does the runs that a channel brings, one at a time, with a model and data that they share: a worker's whole life. */
function serveCells(channel: Channel): void {
  const executor = inProcess(sharedLoaders());
  let stop = new AbortController();

  async function run(cell: Cell): Promise<void> {
    stop = new AbortController();
    try {
      const onEvent = throttled(event => channel.send({ type: 'event', event }));
      channel.send({ type: 'done', result: await executor.run(cell, { signal: stop.signal, onEvent }) });
    } catch (error) {
      if (error instanceof InterruptedError) channel.send({ type: 'interrupted', message: error.message });
      else if (error instanceof StorageError) {
        const { what, where, remedy, code } = error;
        channel.send({ type: 'not-written', what, where, remedy, code });
      } else channel.send({ type: 'failed', message: describeError(error) });
    }
  }

  channel.onMessage(message => {
    if (message.type === 'stop') stop.abort(new StopRequest(message.by ?? 'its parent'));
    else void run(message.cell);
  });
  // Without a parent the run is saved like an interrupted one, and goes on when it is asked for again.
  channel.onClose(() => stop.abort(new StopRequest('the end of the program that started it')));
}

/** Steps at most twice a second, a parent shows no more of them; what the log has a line of it is told. */
function throttled(tell: (event: JobEvent) => void): (event: JobEvent) => void {
  let last = Number.NEGATIVE_INFINITY;
  return event => {
    if (event.type === 'step' && !event.isLogged && performance.now() - last < 500) return;
    if (event.type === 'step') last = performance.now();
    tell(event);
  };
}
