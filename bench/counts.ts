import { positiveInteger } from '../src/core/checked-values.ts';

/**
 * A flag that counts something, as `parseArgs` gives it. Of any other value a measurement would find nothing to do, and
 * end as if all were done: it is an error here, and ends the process.
 */
export function countOf<Name extends string>(flags: Readonly<Record<Name, string>>, name: Name): number {
  const parsed = positiveInteger.safeParse(flags[name]);
  if (parsed.success) return parsed.data;
  console.error(`error: --${name} ${flags[name]} is no count\n→ give a whole number above 0`);
  process.exit(2);
}
