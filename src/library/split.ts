import { InputError } from '../core/errors.ts';
import { permutation } from '../core/random.ts';
import { type Grouped, groupsOf } from '../data/example.ts';

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
      remedy: 'give more training data, or tune a given structure with `s3delta train`',
    });
  }
  const shuffled = Array.from(permutation(examples.length, seed, 'search/halves'), index => examples[index]!);
  const middle = Math.ceil(shuffled.length / 2);
  return { delta: shuffled.slice(0, middle), alpha: shuffled.slice(middle) };
}

/**
 * At most `limit` of some examples, drawn at random, of a group all or none while that is possible; all of them, in their
 * order, where there are no more.
 */
export function sample<T extends Grouped>(
  examples: readonly T[],
  limit: number | undefined,
  seed: number,
  stream: string,
): readonly T[] {
  if (limit === undefined || examples.length <= limit) return examples;
  const groups = groupsOf(examples);
  const drawn = Array.from(permutation(groups.length, seed, stream), index => groups[index]!);
  const taken: T[] = [];
  for (const group of drawn) if (taken.length + group.length <= limit) taken.push(...group);
  return taken.length > 0 ? taken : drawn.flat().slice(0, limit);
}
