/** Runs a stage to its end, tells each of its events, and returns its result, which `for await` would drop. */
export async function runToEnd<Event, Result>(
  events: AsyncGenerator<Event, Result>,
  onEvent?: (event: Event) => void,
): Promise<Result> {
  let result!: Result;
  async function* capturing() {
    result = yield* events;
  }
  // The loop closes the stage where a listener throws.
  for await (const event of capturing()) onEvent?.(event);
  return result;
}
