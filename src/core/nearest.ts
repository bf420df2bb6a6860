import leven from 'leven';

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
