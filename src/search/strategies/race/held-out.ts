import { InputError } from '../../../core/errors.ts';
import { permutation } from '../../../core/random.ts';

/** Examples to judge by, and those that are left to train on. */
export interface HeldOut<T> {
  readonly held: readonly T[];
  readonly rest: readonly T[];
}

/** A fifth of the training set, and no more than tells a loss closely. */
const share = 0.2;
const most = 400;
const fewest = 8;

/**
 * Sets a part of the training set aside, at random: what a race judges by must not be what its entrants are trained on,
 * nor the validation part, which chooses the best checkpoint afterwards.
 * @throws InputError where too little is left to judge by
 */
export function holdOut<T>(examples: readonly T[], seed: number): HeldOut<T> {
  const size = Math.min(most, Math.floor(share * examples.length));
  if (size < fewest) {
    throw new InputError(`a race judges by a fifth of the training set, which here are ${size} examples`, {
      code: 'too-few-examples',
      remedy: `give at least ${fewest / share} training examples, or another --strategy`,
    });
  }
  const shuffled = Array.from(permutation(examples.length, seed, 'search/race'), index => examples[index]!);
  return { held: shuffled.slice(0, size), rest: shuffled.slice(size) };
}
