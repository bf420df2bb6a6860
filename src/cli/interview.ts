import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { InputError, InterruptedError } from '../core/errors.ts';
import { visible } from '../core/format.ts';
import { expandHome } from '../files/folders.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import type { Ask } from './command.ts';
import { describeFailure } from './process-end.ts';

/**
 * Questions on a terminal, one line each, with the standard answer in brackets.
 * @throws InterruptedError, from a question, where the signal has aborted or the input has ended
 */
export function terminalAsk(input: Readable, output: Writable, signal: AbortSignal): Ask {
  return async (question, standard) => {
    const lines = createInterface({ input, output, terminal: true });
    // Raw mode keeps Ctrl-C from the process; it means the same here.
    const ended = new Promise<never>((_, reject) => {
      lines.once('SIGINT', () => reject(new InterruptedError()));
      lines.once('close', () => reject(new InterruptedError()));
    });
    ended.catch(() => {});
    try {
      const answer = await Promise.race([lines.question(visible(`${question} [${standard}] `), { signal }), ended]);
      return answer.trim() === '' ? standard : answer.trim();
    } catch (error) {
      throw signal.aborted ? new InterruptedError() : error;
    } finally {
      lines.close();
    }
  };
}

/** Questions whose answers are checked. */
export interface Interview {
  /**
   * The answer that is given already, else the user's; `check` throws InputError for one that will not do, which is
   * told and asked for again, or passed on where it was not asked for.
   */
  answer(question: string, standard: string, given?: string, check?: (answer: string) => unknown): Promise<string>;
  tell(text: string): void;
}

/**
 * @param ask `silent` takes every standard answer
 * @throws InputError where there is nobody to ask
 */
export function createInterview(ask: Ask | 'silent' | undefined, onEvent?: (event: JobEvent) => void): Interview {
  if (ask === undefined) {
    throw new InputError('questions need a terminal', {
      code: 'terminal-needed',
      remedy: 'give --yes, and what you know as flags',
    });
  }
  const tell = (text: string) => onEvent?.({ type: 'message', text });

  async function answer(
    question: string,
    standard: string,
    given?: string,
    check: (answer: string) => unknown = () => {},
  ): Promise<string> {
    if (given !== undefined || ask === 'silent') {
      await check(given ?? standard);
      return given ?? standard;
    }
    for (;;) {
      // No shell has read it.
      const said = expandHome(await ask!(question, standard));
      try {
        await check(said);
        return said;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        tell(describeFailure(error).lines.join('\n'));
      }
    }
  }

  return { answer, tell };
}
