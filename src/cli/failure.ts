import { InputError, InterruptedError } from '../errors.ts';

/** What the process ends with, and what it says on stderr. */
export interface Failure {
  readonly exitCode: 1 | 2 | 130;
  readonly lines: readonly string[];
}

/** A user's mistake is a message with its remedy; anything else is ours, and shows where it happened. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof InputError) {
    const remedy = error.remedy === undefined ? [] : [`→ ${error.remedy}`];
    return { exitCode: 2, lines: [`error: ${error.message}`, ...remedy] };
  }
  if (error instanceof InterruptedError) {
    return { exitCode: 130, lines: [error.message] };
  }
  return { exitCode: 1, lines: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
}
