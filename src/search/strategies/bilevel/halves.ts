import { InputError } from '../../../core/errors.ts';
import { permutation } from '../../../core/random.ts';

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
