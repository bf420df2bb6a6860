import { Tokenizer } from '@huggingface/tokenizers';

/** Parts of `@huggingface/tokenizers` that are taken as they are. */
export interface LibraryParts {
  /** Cuts words into pieces. */
  readonly model: ((words: string[]) => string[]) & {
    readonly vocab: readonly (string | undefined)[];
    readonly tokens_to_ids: ReadonlyMap<string, number>;
  };
  readonly normalizer: { readonly pattern?: RegExp | null } | null;
  readonly pre_tokenizer: { readonly pattern?: RegExp | null } | null;
  readonly decoder: { decode_chain(tokens: readonly string[]): readonly string[] } | null;
}

const NOTHING = {
  model: { type: 'WordPiece', vocab: {}, unk_token: '' },
  ...{ added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
};

/**
 * The library's own parts for some configurations of a `tokenizer.json`. It makes parts for whole tokenizers only: the
 * others are left empty.
 * @throws Error where a configuration is damaged or of an unknown type
 */
export function libraryParts(configs: { readonly [Part in keyof LibraryParts]?: unknown }): LibraryParts {
  return new Tokenizer({ ...NOTHING, ...configs }, {}) as unknown as LibraryParts;
}
