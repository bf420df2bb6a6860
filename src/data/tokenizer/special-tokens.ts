import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { isThere } from '../../files/regular-file.ts';
import { readJson } from '../../files/text-files.ts';

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

/** What a special token is for. A vocabulary need not have all of them, and one token may have several roles. */
export const ROLES = ['pad', 'eos', 'bos', 'cls', 'sep', 'mask', 'unk'] as const;
export type Role = (typeof ROLES)[number];

/** Names of special tokens by role. */
export type SpecialTokenNames = Readonly<Partial<Record<Role, string>>>;

/** What a family's special tokens are called where its files do not say. */
export const T5_TOKENS: SpecialTokenNames = { pad: '<pad>', eos: '</s>', unk: '<unk>' };
export const BERT_TOKENS: SpecialTokenNames = {
  ...{ pad: '[PAD]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]', unk: '[UNK]' },
};
export const ROBERTA_TOKENS: SpecialTokenNames = {
  ...{ pad: '<pad>', bos: '<s>', eos: '</s>', cls: '<s>', sep: '</s>', mask: '<mask>', unk: '<unk>' },
};
export const MPNET_TOKENS: SpecialTokenNames = { ...ROBERTA_TOKENS, unk: '[UNK]' };
export const GPT2_TOKENS: SpecialTokenNames = { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' };

/** A special token as a file names it: bare, or with its properties. */
export interface NamedToken {
  readonly token: TokenProperties;
  readonly hasProperties: boolean;
}

/** The special tokens that a file names: one a role, and more without one. */
interface NamedTokens {
  readonly roles: Readonly<Partial<Record<Role, NamedToken>>>;
  readonly others: readonly NamedToken[];
}

/** A special token of which no more is known than its name. */
export function plainName(content: string): NamedToken {
  return { token: plainToken(content, true), hasProperties: false };
}

const described = tokenProperties.transform(
  (token): NamedToken => ({ token: { ...token, special: true }, hasProperties: true }),
);
const named = z.union([z.string().transform(plainName), described]);
const several = z.union([z.array(named), z.record(z.string(), named).transform(all => Object.values(all))]);

/** How `tokenizer_config.json` and `special_tokens_map.json` name special tokens. */
const namedTokensFile = z.looseObject({
  pad_token: named.nullish(),
  eos_token: named.nullish(),
  bos_token: named.nullish(),
  cls_token: named.nullish(),
  sep_token: named.nullish(),
  mask_token: named.nullish(),
  unk_token: named.nullish(),
  additional_special_tokens: several.nullish(),
  extra_special_tokens: several.nullish(),
});

function namedTokensOf(file: z.output<typeof namedTokensFile>): NamedTokens {
  const roles = ROLES.flatMap(role => {
    const token = file[`${role}_token`];
    return token ? [[role, token] as const] : [];
  });
  return {
    roles: Object.fromEntries(roles),
    others: [...(file.additional_special_tokens ?? []), ...(file.extra_special_tokens ?? [])],
  };
}

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
