/** Runs a stage to its end, tells each of its events, and returns its result, which `for await` would drop. */
export async function runToEnd<Event, Result>(
  events: AsyncGenerator<Event, Result>,
  onEvent?: (event: Event) => void,
): Promise<Result> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    onEvent?.(next.value);
  }
}
