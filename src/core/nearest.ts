import leven from 'leven';
import { InputError } from './errors.ts';

/** The names most like `name`, best first; none where all of them are too far to be a slip of the pen. */
export function nearestNames(name: string, names: readonly string[], count = 1): string[] {
  const wanted = name.toLowerCase();
  return names
    .map(candidate => ({ candidate, distance: leven(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(2, Math.ceil(Math.max(wanted.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Refuses a name that a list does not have: with the nearest one that it has, and the list. */
export function unknownName(what: string, name: string, names: readonly string[], where?: string): InputError {
  const [nearest] = nearestNames(name, names);
  const question = nearest === undefined ? '' : `did you mean "${nearest}"? `;
  return new InputError(`unknown ${what} "${name}"`, {
    code: 'unknown-name',
    where,
    remedy: `${question}use one of: ${names.join(', ')}`,
  });
}
