import type { z } from 'zod';
import { InputError } from './errors.ts';

/**
 * Makes sure that a function of the library is handed what its type says: not everyone who calls it compiles.
 * @param where the function and its argument, for the message: `loadTaskData(task, options)`
 * @param schema what is needed; the `error` of each of its parts says what to give, in words
 * @throws InputError naming the part that is wrong, its value, and what to give
 */
export function checkArgument(where: string, schema: z.ZodType, value: unknown): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const { path, message } = parsed.error.issues[0]!;
  const wrong = path.reduce<unknown>((of, key) => (of as Record<PropertyKey, unknown>)[key], value);
  const name = path.length === 0 ? '' : ` for \`${path.join('.')}\``;
  throw new InputError(wrong === undefined ? `nothing is given${name}` : `${shown(wrong)} is no value${name}`, {
    code: 'bad-argument',
    where,
    remedy: `give ${message}`,
  });
}

/** In short: an object may be a whole model. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return `{ ${Object.keys(value).slice(0, 5).join(', ')} }`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
