import { z } from 'zod';
import { plainToken, type TokenProperties, tokenProperties } from './added-token.ts';

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
