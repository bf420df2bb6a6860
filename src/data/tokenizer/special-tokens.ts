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
export interface NamedTokens {
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
export const namedTokensFile = z.looseObject({
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

export function namedTokensOf(file: z.output<typeof namedTokensFile>): NamedTokens {
  const roles = ROLES.flatMap(role => {
    const token = file[`${role}_token`];
    return token ? [[role, token] as const] : [];
  });
  return {
    roles: Object.fromEntries(roles),
    others: [...(file.additional_special_tokens ?? []), ...(file.extra_special_tokens ?? [])],
  };
}
