import { throwIfInterrupted } from '../core/errors.ts';
import type { Trainable } from '../core/program.ts';

/**
 * The same program, which begins nothing after an abort: a step of several evaluations, or of several micro-batches,
 * then ends after the one at work, and not minutes later.
 */
export function stoppable(program: Trainable, signal: AbortSignal | undefined): Trainable {
  return {
    ...program,
    async lossAndGradients(...args) {
      throwIfInterrupted(signal);
      return program.lossAndGradients(...args);
    },
    async mixedDerivative(...args) {
      throwIfInterrupted(signal);
      return program.mixedDerivative(...args);
    },
  };
}
