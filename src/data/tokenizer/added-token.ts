import { z } from 'zod';

/** A token matched in the text before anything else: padding, end of sequence, sentinels, symbols of the user's. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Special tokens are left out when ids are turned back into text. */
  readonly special: boolean;
  /** Matched in the normalised text, as its content is when it is normalised; else in the raw one. */
  readonly normalized: boolean;
  /** White space before it, or after it, belongs to the token. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Not matched where a letter, digit or the like stands right before or after it. */
  readonly singleWord: boolean;
}

// Far above any checkpoint's; a damaged number must not fill the memory.
export const tokenId = z.int().nonnegative().max(10_000_000);

/** A token as Hugging Face's files write it. */
export const tokenProperties = z
  .looseObject({
    content: z.string(),
    special: z.boolean().default(false),
    normalized: z.boolean().optional(),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    single_word: z.boolean().default(false),
  })
  .transform(({ content, special, normalized, lstrip, rstrip, single_word }) => ({
    ...{ content, special, normalized: normalized ?? !special },
    ...{ lstrip, rstrip, singleWord: single_word },
  }));

export type TokenProperties = z.output<typeof tokenProperties>;

/** A token of which nothing is known but that it is special, or not. */
export function plainToken(content: string, special: boolean): TokenProperties {
  return { content, special, normalized: !special, lstrip: false, rstrip: false, singleWord: false };
}
