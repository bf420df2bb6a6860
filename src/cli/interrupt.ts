/** Ctrl-C and a polite kill ask to stop; a second Ctrl-C does not wait for the state to be saved. */
export function interruptSignal(onAsked: () => void): AbortSignal {
  const controller = new AbortController();
  const ask = () => {
    if (controller.signal.aborted) process.exit(130);
    onAsked();
    controller.abort();
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
  return controller.signal;
}
