import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { isThere } from '../../files/regular-file.ts';
import { readJson } from '../../files/structured-text.ts';
import {
  type NamedToken,
  type NamedTokens,
  namedTokensFile,
  namedTokensOf,
  plainToken,
  type TokenProperties,
  tokenId,
  tokenProperties,
} from './special-tokens.ts';

const tokenizerConfig = namedTokensFile.extend({
  // Far above any checkpoint's; a damaged number must not fill the memory.
  extra_ids: z.int().nonnegative().max(100_000).nullish(),
  added_tokens_decoder: z.record(z.string(), tokenProperties).nullish(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
});
type TokenizerConfig = z.output<typeof tokenizerConfig>;

/** An added token with the id that a file gives it. */
type NumberedToken = TokenProperties & { readonly id: number };

/** What stands beside a vocabulary. */
export interface Companions {
  readonly config: TokenizerConfig;
  readonly named: NamedTokens;
  readonly added: readonly NumberedToken[];
  /** Whether properties of `added` come from a file, not only ids. */
  readonly describesAdded: boolean;
}

/**
 * Reads what stands beside a vocabulary, as transformers does: `added_tokens_decoder` of `tokenizer_config.json` says
 * everything about added tokens where it is there; else `special_tokens_map.json` names and describes the special ones,
 * and `added_tokens.json` gives ids.
 * @throws InputError where a file is damaged
 */
export async function readCompanions(folder: string): Promise<Companions> {
  const config = await readPart(folder, 'tokenizer_config.json', tokenizerConfig);
  const configured = namedTokensOf(config);
  if (config.added_tokens_decoder) {
    const added = Object.entries(config.added_tokens_decoder).map(([id, token]) => ({
      ...token,
      id: checked(tokenId, Number(id), join(folder, 'tokenizer_config.json')),
    }));
    return { config, named: describedBy(added, configured), added, describesAdded: true };
  }
  const mapped = namedTokensOf(await readPart(folder, 'special_tokens_map.json', namedTokensFile));
  const named: NamedTokens = {
    roles: { ...configured.roles, ...mapped.roles },
    others: [...configured.others, ...mapped.others],
  };
  const special = new Set([...Object.values(named.roles), ...named.others].map(({ token }) => token.content));
  const ids = await readPart(folder, 'added_tokens.json', z.record(z.string().min(1), tokenId));
  const added = Object.entries(ids).map(([content, id]) => ({ ...plainToken(content, special.has(content)), id }));
  return { config, named, added, describesAdded: false };
}

/** The same names, with the properties that the added tokens have. */
function describedBy(added: readonly NumberedToken[], { roles, others }: NamedTokens): NamedTokens {
  const known = new Map(added.map(({ id, ...token }) => [token.content, { ...token, special: true }]));
  const describe = (named: NamedToken): NamedToken => {
    const token = known.get(named.token.content);
    return token === undefined ? named : { token, hasProperties: true };
  };
  return {
    roles: Object.fromEntries(Object.entries(roles).map(([role, named]) => [role, describe(named)])),
    others: others.map(describe),
  };
}

/** A file that may be missing: then it says nothing. */
async function readPart<T extends z.ZodType>(folder: string, name: string, schema: T): Promise<z.output<T>> {
  const file = join(folder, name);
  return checked(schema, isThere(file) ? await readJson(file) : {}, file);
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`the tokenizer file cannot be read: ${z.prettifyError(parsed.error)}`, {
    code: 'unreadable-tokenizer',
    where,
    remedy: 'copy it again from where the checkpoint came from; it may be cut off',
    cause: parsed.error,
  });
}
