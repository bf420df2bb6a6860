import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import type { Tokenizer } from './tokenizer.ts';

// The library makes a list as long as the largest id: a damaged one must not fill the memory.
const id = z.int().nonnegative().max(10_000_000);
const withBoundedIds = z.looseObject({
  added_tokens: z.array(z.looseObject({ id })).nullish(),
  model: z.looseObject({ vocab: z.union([z.record(z.string(), id), z.array(z.unknown())]) }),
});

// A piece without an id, of a vocabulary without its unknown token, would be read as padding.
const idList = z.array(id);

interface SpecialTokenNames {
  readonly pad_token?: string | null | undefined;
  readonly eos_token?: string | null | undefined;
}

/**
 * A tokenizer of any kind that `@huggingface/tokenizers` knows (BPE, WordPiece, …). SentencePiece vocabularies do not
 * come here: that library replaces their compiled normalisation rules by NFKC, which is not the same for every text.
 * @throws InputError where the library cannot read or use it, or the padding or end token is not in the vocabulary.
 */
export function createGeneralTokenizer(json: unknown, config: SpecialTokenNames, where: string): Tokenizer {
  // The library checks little when it reads a file: what is wrong may show only when it is used.
  const attempt = <T>(use: () => T): T => {
    try {
      return use();
    } catch (cause) {
      const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
      throw new InputError(`the tokenizer cannot be read: ${detail}`, {
        where,
        remedy: 'copy it again from where the checkpoint came from; it may be cut off or of an unknown kind',
        cause,
      });
    }
  };
  const tokenizer = attempt(() => new HuggingFaceTokenizer(withBoundedIds.parse(json), config));
  const idOf = (name: string) => {
    const found = tokenizer.token_to_id(name);
    if (found === undefined) {
      throw new InputError(`the vocabulary has no token ${name}`, {
        where,
        remedy: 'name the padding and end tokens as pad_token and eos_token in tokenizer_config.json',
      });
    }
    return found;
  };
  const decodeOptions = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
  return {
    size: tokenizer.get_vocab().size,
    padId: idOf(config.pad_token ?? '<pad>'),
    endId: idOf(config.eos_token ?? '</s>'),
    encode: text => attempt(() => idList.parse(tokenizer.encode(text, { add_special_tokens: false }).ids)),
    decode: ids => (ids.length === 0 ? '' : attempt(() => tokenizer.decode([...ids], decodeOptions))),
  };
}
