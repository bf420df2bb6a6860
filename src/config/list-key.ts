import { z } from 'zod';

/** A list in YAML, words with commas between them on the command line, or a single value. */
export function list<T extends z.ZodType>(item: T) {
  const split = (given: unknown) =>
    typeof given === 'string' ? given.split(',').map(word => word.trim()) : Array.isArray(given) ? given : [given];
  return z.preprocess(given => (given === undefined ? undefined : split(given)), z.array(item).min(1).optional());
}
