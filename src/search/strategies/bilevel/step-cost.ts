import { InputError } from '../../../core/errors.ts';
import type { EncodedExample } from '../../../core/program.ts';
import { permutation } from '../../../core/random.ts';
import type { StepBatch } from '../../../training/stage.ts';
import type { BiLevelOrder } from './mixed-derivative.ts';

/** D_train in two halves drawn at random: D_δ trains the modules' parameters, D_α trains α (method, section 5). */
export interface Halves<T> {
  readonly delta: readonly T[];
  readonly alpha: readonly T[];
}

/**
 * @returns halves that hold every example once; of an odd number the extra one goes to D_δ
 * @throws InputError where there are too few examples for two halves
 */
export function splitHalves<T>(examples: readonly T[], seed: number): Halves<T> {
  if (examples.length < 2) {
    throw new InputError(`a search needs at least 2 training examples, there are ${examples.length}`, {
      code: 'too-few-examples',
      remedy: 'give more training data, or tune a given structure with `s3delta train`',
    });
  }
  const shuffled = Array.from(permutation(examples.length, seed, 'search/halves'), index => examples[index]!);
  const middle = Math.ceil(shuffled.length / 2);
  return { delta: shuffled.slice(0, middle), alpha: shuffled.slice(middle) };
}

/**
 * Loss-and-gradient evaluations of a step, on its batch of D_δ and on that of D_α. A Hessian-vector product counts as
 * the two that it stands for, which is about its time.
 */
export const stepEvaluations: Readonly<Record<BiLevelOrder, { readonly delta: number; readonly alpha: number }>> = {
  first: { delta: 1, alpha: 1 },
  'one-sided': { delta: 3, alpha: 1 },
  second: { delta: 4, alpha: 1 },
  exact: { delta: 4, alpha: 1 },
};

/**
 * float32 arrays as long as the delta vector that a step holds: w, its two moments, the gradient and z ⊙ w; in the
 * orders above the first also w′ and its moments and w ± εv.
 */
export const stepArrays: Readonly<Record<BiLevelOrder, number>> = { first: 5, 'one-sided': 10, second: 10, exact: 10 };

/** The batches of a step: of D_δ, whose epochs are the search's, then of D_α. */
export function stepBatches(
  { delta, alpha }: Halves<EncodedExample>,
  order: BiLevelOrder,
): readonly [delta: StepBatch, alpha: StepBatch] {
  const { delta: onDelta, alpha: onAlpha } = stepEvaluations[order];
  return [
    { examples: delta, stream: 'search/delta', evaluations: onDelta },
    { examples: alpha, stream: 'search/alpha', evaluations: onAlpha },
  ];
}
