import { StopRequest } from '../core/errors.ts';

/**
 * npm and our own launcher hand Ctrl-C on to this process, which the terminal has sent it to as well: one key, two
 * signals.
 */
const sameKeyMilliseconds = 300;

/**
 * Aborts when the user, the system or a closed terminal asks to stop: by SIGINT, SIGTERM or SIGHUP, or by the end of
 * the process that started this one for the user. Only a second Ctrl-C does not wait for the state to be saved.
 */
export function interruptSignal(onAsked: () => void): AbortSignal {
  const controller = new AbortController();
  let firstAsked = 0;
  const ask = (by: string) => {
    if (controller.signal.aborted) return;
    firstAsked = performance.now();
    onAsked();
    controller.abort(new StopRequest(by));
  };
  process.on('SIGINT', () => {
    if (controller.signal.aborted && performance.now() - firstAsked > sameKeyMilliseconds) process.exit(130);
    ask('SIGINT');
  });
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => ask(name));
  if (process.channel !== undefined) {
    process.on('disconnect', () => ask('the end of the program that started it'));
    process.channel.unref();
  }
  return controller.signal;
}
