import { once } from 'node:events';
import { constants } from 'node:os';
import { InputError, InterruptedError, StopRequest, StorageError, stoppedBy } from '../core/errors.ts';
import { visible } from '../core/format.ts';

/**
 * npm and our own launcher hand Ctrl-C on to this process, which the terminal has sent it to as well: one key, two
 * signals.
 */
const sameKeyMilliseconds = 300;

/**
 * Aborts when the user, the system or a closed terminal asks to stop: by SIGINT, SIGTERM or SIGHUP, or by the end of
 * the process that started this one for the user. Only a second Ctrl-C does not wait for the state to be saved.
 * @param onAsked is told who asks, before the abort
 */
export function interruptSignal(onAsked: (by: string) => void): AbortSignal {
  const controller = new AbortController();
  let firstAsked = 0;
  const ask = (by: string) => {
    if (controller.signal.aborted) return;
    firstAsked = performance.now();
    onAsked(by);
    controller.abort(new StopRequest(by));
  };
  process.on('SIGINT', () => {
    if (controller.signal.aborted && performance.now() - firstAsked > sameKeyMilliseconds) {
      process.exit(exitCodeOf('SIGINT'));
    }
    ask('SIGINT');
  });
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => ask(name));
  if (process.channel !== undefined) {
    process.on('disconnect', () => ask('the end of the program that started it'));
    process.channel.unref();
  }
  return controller.signal;
}

/** What is said at once to whoever asks: only Ctrl-C has a key that can be pressed again. */
export function stoppingText(stopping: string, by: string): string {
  return by === 'SIGINT' ? `${stopping} (Ctrl-C again: at once)…` : `${by}: ${stopping}…`;
}

/** What the process ends with, and what it says on stderr. */
export interface Failure {
  /** 1 or 2, and of an interruption what shells make of the signal: 129, 130 or 143. */
  readonly exitCode: number;
  readonly lines: readonly string[];
  /** What `--json` prints on stdout; absent where the failure is a fault of the program. */
  readonly document?: {
    readonly error: Readonly<Record<'code' | 'message', string>> & Partial<Record<'where' | 'remedy', string>>;
  };
}

/** 128 and the signal's number, as of a process that the signal has ended. */
const exitCodeOf = (signal: string) => 128 + (constants.signals[signal as NodeJS.Signals] ?? constants.signals.SIGINT);

/**
 * A user's mistake, and a machine's refusal, is a message with its remedy; anything else is ours, and shows where.
 * @param signal that of `interruptSignal`, whose reason says who has asked for an interruption
 */
export function describeFailure(error: unknown, signal?: AbortSignal): Failure {
  if (error instanceof InputError || error instanceof StorageError) {
    const remedy = error.remedy === undefined ? [] : [`→ ${error.remedy}`];
    const { code, what: message, where } = error;
    const document = {
      error: {
        code,
        message,
        ...(where !== undefined && { where }),
        ...(error.remedy !== undefined && { remedy: error.remedy }),
      },
    };
    return { exitCode: error instanceof InputError ? 2 : 1, lines: [`error: ${error.message}`, ...remedy], document };
  }
  if (error instanceof InterruptedError) {
    return { exitCode: exitCodeOf(stoppedBy(signal) ?? 'SIGINT'), lines: [visible(error.message)] };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: 1, lines: [visible(text)] };
}

/**
 * A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours. A disk that takes no more is
 * one.
 * @param finish what to do before the failure is told
 */
export function endWithStdout(finish: () => void = () => {}): void {
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
    finish();
    process.stderr.write(
      `error: stdout: the output could not be written: ${error.message}\n→ send it to a place with room\n`,
    );
    process.exit(1);
  });
}

/** Waits for a pipe that takes no more: leaving before it has all would cut a long document short. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain');
}
