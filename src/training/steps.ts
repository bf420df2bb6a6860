import { DivergedError, InputError, throwIfInterrupted } from '../core/errors.ts';
import type { Layout, Trainable } from '../core/program.ts';

/** Steps of a run. InputError where it would have none. */
export function countSteps(batchesPerEpoch: number, epochs: number, maxSteps = Number.POSITIVE_INFINITY): number {
  const steps = Math.min(Math.ceil(batchesPerEpoch * epochs), maxSteps);
  if (!(steps >= 1)) {
    throw new InputError(`a run of ${epochs} epochs and at most ${maxSteps} steps does nothing`, {
      code: 'nothing-to-do',
      remedy: 'give at least one epoch and one step',
    });
  }
  return steps;
}

/** DivergedError where a loss or its gradient is no number: going on would only spoil the state. */
export function checkFinite(value: number, step: number): void {
  if (Number.isFinite(value)) return;
  throw new DivergedError(`the loss or its gradient is not finite at step ${step + 1}`, {
    code: 'diverged',
    remedy: 'the learning rate is too high; where it happens at the first step, check the checkpoint',
  });
}

/**
 * Learning rate of a step (counted from 0) that falls linearly from `base` at the first step towards 0 after the last
 * of `steps`, without warm-up.
 */
export function linearDecay(base: number, step: number, steps: number): number {
  return base * Math.max(0, 1 - step / steps);
}

/** What `adamwStep` is told of a layout's heads: nothing where there are none, or they have no rate of their own. */
export function headRate(
  { heads }: Pick<Layout, 'heads'>,
  learningRate: number | undefined,
): { readonly head?: { readonly begin: number; readonly learningRate: number } } {
  const begin = heads[0]?.parameters[0]?.offset;
  return begin === undefined || learningRate === undefined ? {} : { head: { begin, learningRate } };
}

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
