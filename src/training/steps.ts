import { DivergedError, InputError, throwIfInterrupted } from '../core/errors.ts';
import { headsBegin, type Layout, type Trainable } from '../core/program.ts';
import type { FloatArray } from '../core/random.ts';

/** First and second moments of the gradient, each as long as the parameters they belong to. */
export interface Moments<T extends FloatArray = FloatArray> {
  readonly m: T;
  readonly v: T;
}

/** Rates and constants of a step, by PyTorch's names and with its defaults. */
export interface AdamWOptions {
  readonly learningRate: number;
  /** How many steps these moments have seen, this one included: 1 at the first. */
  readonly step: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** Elements from `begin` on have a rate of their own: heads, which stand after all modules (`headRate`). */
  readonly head?: { readonly begin: number; readonly learningRate: number };
}

/** Moments before the first step, in the parameters' own precision. */
export function createMoments<T extends FloatArray>(parameters: T): Moments<T> {
  return { m: zerosLike(parameters), v: zerosLike(parameters) };
}

/** Moments that can change while the first ones stay. */
export function copyMoments<T extends FloatArray>({ m, v }: Moments<T>): Moments<T> {
  return { m: m.slice() as T, v: v.slice() as T };
}

function zerosLike<T extends FloatArray>(array: T): T {
  return array.slice().fill(0) as T;
}

/**
 * One step of AdamW (Loshchilov and Hutter, 2019) as `torch.optim.AdamW` does it: decoupled weight decay, bias
 * correction, ε outside the root. Parameters and moments change in place; each element is computed in float64.
 */
export function adamwStep<T extends FloatArray>(
  parameters: T,
  gradient: ArrayLike<number>,
  moments: Moments<T>,
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, head }: AdamWOptions,
): void {
  const { m, v } = moments;
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  const move = (begin: number, end: number, rate: number): void => {
    const stepSize = rate / (1 - beta1 ** step);
    const keep = 1 - rate * weightDecay;
    for (let i = begin; i < end; i++) {
      const g = gradient[i]!;
      const first = beta1 * m[i]! + (1 - beta1) * g;
      const second = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      parameters[i] = keep * parameters[i]! - (stepSize * first) / (Math.sqrt(second) / rootCorrection + epsilon);
    }
  };
  move(0, head?.begin ?? parameters.length, learningRate);
  if (head) move(head.begin, parameters.length, head.learningRate);
}

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
  layout: Layout,
  learningRate: number | undefined,
): { readonly head?: { readonly begin: number; readonly learningRate: number } } {
  const isOwn = layout.heads.length > 0 && learningRate !== undefined;
  return isOwn ? { head: { begin: headsBegin(layout), learningRate } } : {};
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
