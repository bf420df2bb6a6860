import { z } from 'zod';
import { InputError } from '../../core/errors.ts';

/**
 * Extents in config.json. The largest layer counts and distances are far above any checkpoint's: a damaged number must
 * not fill the memory.
 */
export const count = z.number().int().positive();
export const layerCount = count.max(1000);
export const distance = count.max(1_000_000);
export const tokenId = z.number().int().nonnegative();

/** @throws InputError naming the key of config.json that is wrong; `where` names the file, `family` the checkpoint's */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  json: unknown,
  where: string,
  family: string,
): z.output<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw wrongConfig(`${issue.path.join('.')}: ${issue.message}`, where, family);
}

/** What is said of a config.json that cannot be of this family's checkpoint. */
export function wrongConfig(what: string, where: string, family: string): InputError {
  return new InputError(what, {
    code: 'unsupported-config',
    where,
    remedy: `use the config.json that belongs to the ${family} checkpoint`,
  });
}

/** @throws InputError for a token id that the embedding table does not have */
export function checkTokenIds(
  ids: Readonly<Record<string, number | null | undefined>>,
  vocabSize: number,
  where: string,
  family: string,
): void {
  for (const [key, id] of Object.entries(ids)) {
    if ((id ?? 0) >= vocabSize) {
      throw wrongConfig(`${key}: ${id} is outside the vocabulary of ${vocabSize}`, where, family);
    }
  }
}
