import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { InterruptedError } from '../core/errors.ts';
import { visible } from '../core/visible.ts';
import type { Ask } from './command.ts';

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
