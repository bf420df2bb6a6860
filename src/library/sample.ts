import { permutation } from '../core/random.ts';
import { type Grouped, groupsOf } from '../data/example.ts';

/**
 * At most `limit` of some examples, drawn at random, of a group all or none while that is possible; all of them, in
 * their order, where there are no more.
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
