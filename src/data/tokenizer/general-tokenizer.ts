import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { decoderOf, modelOf } from './json/json-model.ts';
import { normalizerOf } from './json/normalizers.ts';
import { preTokenizerOf } from './json/pre-tokenizers.ts';
import { tokenId, tokenProperties } from './special-tokens.ts';
import {
  addedVocabulary,
  type Section,
  sizeWith,
  splitterAt,
  type TextTokenizer,
  type TokenizerSource,
} from './tokenizer.ts';

const numberedToken = z.intersection(tokenProperties, z.looseObject({ id: tokenId }));
const tokenizerJson = z.looseObject({
  added_tokens: z.array(numberedToken).nullish(),
  model: z.looseObject({}),
});

/**
 * The tokenizer that a `tokenizer.json` describes, in the steps of Hugging Face's tokenizers library: added tokens are
 * cut out of the text, what is between them is normalised, tokens that match normalised text are cut out of that, the
 * rest is cut into words, and the model cuts these into pieces.
 * @throws InputError where it is damaged, or has a part of a kind that is not known
 */
export function createGeneralTokenizer(json: unknown, source: TokenizerSource): TextTokenizer {
  // Much of what is wrong shows only where it is used.
  const attempt = <T>(use: () => T): T => {
    try {
      return use();
    } catch (cause) {
      const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
      throw new InputError(`the tokenizer cannot be read: ${detail}`, {
        code: 'unreadable-tokenizer',
        where: source.where,
        remedy: 'copy it again from where the checkpoint came from; it may be cut off or of an unknown kind',
        cause,
      });
    }
  };
  const { encode, decode, ...rest } = attempt(() => assemble(json, source));
  return { ...rest, encode: text => attempt(() => encode(text)), decode: ids => attempt(() => decode(ids)) };
}

function assemble(json: unknown, { companions, defaults }: TokenizerSource): TextTokenizer {
  const { added_tokens, normalizer, pre_tokenizer, model: modelConfig, decoder } = tokenizerJson.parse(json);
  const model = modelOf(modelConfig);
  const addedTokens = (added_tokens ?? []).filter(token => token.content !== '');
  const bare = { size: model.pieces.length, idOf: (piece: string) => model.ids.get(piece), addedTokens };
  const { tokens, special } = addedVocabulary({ ...bare, describesAdded: true }, companions, defaults);

  const normalise = normalizerOf(normalizer);
  const cutWords = preTokenizerOf(pre_tokenizer);
  const rawSections = splitterAt(tokens.filter(token => !token.normalized));
  const normalisedSections = splitterAt(
    tokens.filter(token => token.normalized),
    token => normalise(token.content),
  );
  const encodeNormalised = (part: Section, opens: boolean): readonly number[] => {
    if (part.id !== undefined) return [part.id];
    return cutWords({ text: part.text, opens: opens && part.start === 0 }).flatMap(({ text }) => model.encode(text));
  };
  const encodeRaw = (section: Section): readonly number[] => {
    if (section.id !== undefined) return [section.id];
    const parts = normalisedSections(normalise(section.text));
    return parts.flatMap(part => encodeNormalised(part, section.start === 0));
  };

  const join = decoderOf(decoder);
  const texts = new Map(tokens.map(token => [token.id, token.special ? undefined : token.content]));
  const textOf = (id: number) => (texts.has(id) ? texts.get(id) : model.pieces[id]);
  return {
    size: sizeWith(model.pieces.length, tokens),
    special,
    encode: text => rawSections(text).flatMap(encodeRaw),
    decode: ids => {
      const kept = ids.map(textOf).filter(text => text !== undefined);
      return kept.length === 0 ? '' : join(kept);
    },
  };
}
