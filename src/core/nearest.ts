import { InputError } from './errors.ts';

/** Number of single-character insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** The names most like `name`, best first; none where all of them are too far to be a slip of the pen. */
export function nearestNames(name: string, names: readonly string[], count = 1): string[] {
  const wanted = name.toLowerCase();
  return names
    .map(candidate => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
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
  return new InputError(`unknown ${what} "${name}"`, { where, remedy: `${question}use one of: ${names.join(', ')}` });
}
