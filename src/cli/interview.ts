import { InputError } from '../core/errors.ts';
import { expandHome } from '../files/expand-home.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import type { Ask } from './command.ts';
import { describeFailure } from './failure.ts';

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
