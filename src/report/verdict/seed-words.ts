/**
 * Seeds as a command takes them: those that there are, and as many of the next as are wanted, so that none leaves the
 * tables. A count stands for the first so many, any others are named.
 */
export function seedWords(there: readonly number[], wanted = there.length): string {
  const seeds = [...new Set(there)].sort((a, b) => a - b);
  const next = (seeds.at(-1) ?? -1) + 1;
  const more = Array.from({ length: Math.max(0, wanted - seeds.length) }, (_, i) => next + i);
  const all = [...seeds, ...more];
  // A word alone is a count.
  const isCount = all.length === 1 || all.every((seed, i) => seed === i);
  return isCount ? String(all.length) : all.join();
}
