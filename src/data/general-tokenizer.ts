import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../errors.ts';
import type { Tokenizer } from './tokenizer.ts';

interface SpecialTokenNames {
  readonly pad_token?: string | null | undefined;
  readonly eos_token?: string | null | undefined;
}

/**
 * A tokenizer of any kind that `@huggingface/tokenizers` knows (BPE, WordPiece, …). SentencePiece vocabularies do not
 * come here: that library replaces their compiled normalisation rules by NFKC, which is not the same for every text.
 * @throws InputError where the library cannot read it, or the padding or end token is not in the vocabulary.
 */
export function createGeneralTokenizer(json: unknown, config: SpecialTokenNames, where: string): Tokenizer {
  let tokenizer: HuggingFaceTokenizer;
  try {
    tokenizer = new HuggingFaceTokenizer(json as object, config);
  } catch (cause) {
    throw new InputError(`the tokenizer cannot be read: ${(cause as Error).message}`, {
      where,
      remedy: 'copy it again from where the checkpoint came from; it may be cut off or of an unknown kind',
      cause,
    });
  }
  const id = (name: string) => {
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
    padId: id(config.pad_token ?? '<pad>'),
    endId: id(config.eos_token ?? '</s>'),
    encode: text => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: ids => (ids.length === 0 ? '' : tokenizer.decode([...ids], decodeOptions)),
  };
}
