import { splitterAt } from '../split-at-tokens.ts';
import { type AddedVocabulary, sizeWith, type TextTokenizer } from '../tokenizer.ts';
import { bytePiece, compileSegmenter, SPACE_PIECE } from './segmenter.ts';
import { sentencePieceNormalizer } from './sentence-piece-normalizer.ts';
import type { SentencePieceModel } from './spiece-model.ts';

/**
 * A tokenizer over a SentencePiece model. `encode`: added tokens are cut out of the text; what is between them goes the
 * way of SentencePiece's own program, as one text, since near ties depend on everything before them.
 * `decode`: special tokens, control pieces and ids without a piece are left out.
 * @throws RangeError where scores are damaged
 */
export function createSentencePieceTokenizer(model: SentencePieceModel, added: AddedVocabulary): TextTokenizer {
  const { vocabulary, rules } = model;
  const normalise = sentencePieceNormalizer(rules);
  const segment = compileSegmenter(vocabulary);
  const sections = splitterAt(added.tokens);
  return {
    size: sizeWith(vocabulary.pieces.length, added.tokens),
    special: added.special,
    encode: text => sections(text).flatMap(section => section.id ?? segment(normalise(section.text))),
    decode: decoder(model, added),
  };
}

function decoder({ vocabulary, rules, isControl }: SentencePieceModel, { tokens }: AddedVocabulary) {
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [bytePiece(byte), Uint8Array.of(byte)]));
  const contents = new Map(tokens.map(token => [token.id, token.special ? undefined : token.content]));
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const textOf = (id: number) => {
    if (contents.has(id)) return contents.get(id);
    return isControl(id) ? undefined : vocabulary.pieces[id];
  };
  return (ids: readonly number[]): string => {
    const parts = ids.flatMap(id => {
      const piece = textOf(id);
      if (piece === undefined) return [];
      return [(vocabulary.byteFallback ? bytes.get(piece) : undefined) ?? Buffer.from(piece)];
    });
    const text = utf8.decode(Buffer.concat(parts)).replaceAll(SPACE_PIECE, ' ');
    return rules.addPrefixSpace ? text.replace(/^ /, '') : text;
  };
}
